"""DIMSE service classes (PS3.4), one module each, all of the form in ``service``."""
