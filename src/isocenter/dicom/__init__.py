"""Data sets: bytes in, values out. Knows no socket, no file, no SQL.

uids          transfer syntaxes, SOP classes, making and checking UIDs (PS3.6 A)
scanner       raw elements: tag, VR, offset, length; nothing is decoded (PS3.5 7)
part10        preamble and file meta information (PS3.10 7.1)
charset       Specific Character Set -> text (PS3.3 C.12.1.1.2)
person_name   the component groups of a name, and the key names are searched by (PS3.5 6.2.1)
header        decoded values of chosen attributes, for the index
json          the DICOM JSON Model, both ways (PS3.18 F)
matching      attribute matching (PS3.4 C.2.2.2)
dictionary    tag <-> keyword, VR, names, private dictionaries (PS3.6 6)
pixels        where the frames are (PS3.5 8, A.4)

Functions take bytes-like objects (``bytes``, ``bytearray``, ``memoryview``, ``mmap``) of a data set that is not
deflated; :func:`isocenter.dicom.scanner.inflate` undoes that. Import the modules, nothing is re-exported here.
"""
