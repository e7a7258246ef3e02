"""Score of de-identification with planted tokens, beside other programs: ``make deid-score``."""
