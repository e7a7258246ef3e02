"""The input and output of DIMSE: sockets, threads and clocks around the cores in ``ul`` and ``dimse``."""
