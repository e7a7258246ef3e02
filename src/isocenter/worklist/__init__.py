"""Modality worklist and performed procedure steps (PS3.4 K and F): what is to be done, and what was."""
