"""The archive over HTTP: DICOMweb, management API, viewer. Knows the archive, no SQL and no DIMSE."""
