"""De-identification (PS3.15 Annex E, edition 2026d): data set in, data set and report out.

    result = anonymize(dataset, Project.open(Path("trial")), policy("research"))

Knows no archive, no sockets, no SQL. `docs/deidentification.md` says what is claimed and what is not.
"""

from isocenter.deid.engine import Result, Status, anonymize
from isocenter.deid.image import Area
from isocenter.deid.options import KEEP, PROFILES, Box, BurnedIn, DeviceRule, Option, Policy, policy
from isocenter.deid.project import Project
from isocenter.deid.proposal import Proposal, propose

__all__ = [
    "KEEP", "PROFILES", "Area", "Box", "BurnedIn", "DeviceRule", "Option", "Policy", "Project", "Proposal",
    "Result", "Status", "anonymize", "policy", "propose",
]  # fmt: skip
