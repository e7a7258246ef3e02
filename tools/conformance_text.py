"""The parts of the conformance statement that PS3.2 asks of every implementation, in its order, from the tables."""

from collections.abc import Iterable

from isocenter import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from isocenter.net.requestor import Timeouts
from isocenter.settings import BY_NAME
from isocenter.ul.items import APPLICATION_CONTEXT, MAX_PRESENTATION_CONTEXTS

#: Service -> as user (SCU), as provider (SCP).
SERVICES = (
    ("Verification (C-ECHO)", "yes, `isocenter echo`", "yes"),
    ("Storage (C-STORE)", "yes, `isocenter send`, study list",
     "all SOP classes of the last section; others by the setting `accept_unknown_sop_classes`"),
    ("Query (C-FIND)", "yes, `isocenter find`", "Patient Root, Study Root, Patient/Study Only (retired)"),
    ("Retrieve (C-MOVE)", "yes, `isocenter move`", "the same models, to known peers"),
    ("Retrieve (C-GET)", "yes, `isocenter get`", "the same models, with role selection"),
    ("Storage Commitment Push Model (N-ACTION, N-EVENT-REPORT)", "yes, `isocenter commit`, `send --commit`", "yes"),
    ("Modality Worklist (C-FIND)", "yes, `isocenter worklist find`", "yes"),
    ("Modality Performed Procedure Step (N-CREATE, N-SET)", "yes, `isocenter mpps`", "yes"),
    ("Modality Performed Procedure Step Retrieve (N-GET)", "no", "yes"),
    ("Unified Procedure Step: Push, Pull, Watch, Query", "yes, `isocenter ups`", "yes"),
    ("Unified Procedure Step: Event (N-EVENT-REPORT)", "yes, `isocenter ups follow`", "yes, to known peers"),
)  # fmt: skip
#: DICOMweb service -> as user agent, as origin server.
WEB_SERVICES = (
    ("Studies: search (QIDO-RS), retrieve (WADO-RS), store (STOW-RS)", "no", "yes"),
    ("Studies: delete", "no", "by the setting `dicomweb_delete`"),
    ("Worklist (UPS-RS) with event channel", "no", "yes"),
    ("Non-Patient Instance: search, retrieve", "no", "yes"),
    ("URI (WADO-URI)", "no", "yes"),
    ("Retrieve Capabilities", "no", "yes"),
)
_UNCOMPRESSED = "Explicit VR Little Endian, Implicit VR Little Endian"
#: What an association is requested for -> the presentation contexts proposed, and the role.
ACTIVITIES = (
    ("`isocenter echo`, `peers echo`, `/api/peers/AET/echo`", "Verification", "Implicit VR Little Endian", "SCU"),
    ("`isocenter send`", "each SOP class of the files",
     "those of the files, one a context; uncompressed ones, for what a node does not take as it is", "SCU"),
    ("`isocenter find`, `move`", "FIND or MOVE of the information model", _UNCOMPRESSED, "SCU"),
    ("`isocenter get`", "FIND and GET of the model; the SOP classes of what is to come",
     "FIND, GET: " + _UNCOMPRESSED + "; storage: all that are stored here, as stored first", "SCU; storage: SCP"),
    ("`isocenter commit`, `send --commit`", "Storage Commitment Push Model", _UNCOMPRESSED, "SCU"),
    ("`isocenter worklist find`, `mpps`", "Modality Worklist; Modality Performed Procedure Step", _UNCOMPRESSED, "SCU"),
    ("`isocenter ups`", "UPS Push, Pull, Watch, Query", _UNCOMPRESSED, "SCU"),
    ("a peer's C-MOVE (sub-operations); a study sent from the list, `/api/studies/UID/send`",
     "the SOP classes of the objects",
     "as stored; " + _UNCOMPRESSED, "SCU"),
    ("a report of storage commitment", "Storage Commitment Push Model", _UNCOMPRESSED, "SCP"),
    ("a report of work items", "UPS Event", _UNCOMPRESSED, "SCP"),
)  # fmt: skip
#: How a request is rejected: result, source, reason, when.
REJECTIONS = (
    ("permanent", "service user", "1 no reason given", "no presentation context is proposed"),
    ("permanent", "service user", "2 application context not supported", "another application context name"),
    ("permanent", "service user", "3 calling AE title not recognized",
     "it is empty; or `known_peers_only` is set and the peer may use nothing that it asks for"),
    ("permanent", "service user", "7 called AE title not recognized",
     "it is empty; or `check_called_aet` is set and it is another one"),
    ("permanent", "provider (ACSE)", "1 no reason given", "the user of the association is not let in"),
    ("transient", "provider (presentation)", "1 temporary congestion", "the node is being stopped"),
    ("transient", "provider (presentation)", "2 local limit exceeded", "`max_associations` are open"),
)  # fmt: skip
#: Settings that are about the network.
PARAMETERS = (
    "aet", "host", "dicom_port", "dicom_tls_port", "dicom_tls_host", "http_port", "https", "max_pdu",
    "max_associations", "check_called_aet", "known_peers_only", "accept_unknown_sop_classes", "artim_seconds",
    "idle_seconds", "find_limit", "move_associations", "commitment_retry_days", "tls_client_certificates",
    "tls_profile",
)  # fmt: skip
#: Object that is made here -> when, and of what.
CREATED = (
    ("Comprehensive SR, or Comprehensive 3D SR", "measurements are signed in the viewer",
     "TID 1500 Measurement Report, PET regions 1411, arrows 1410; Manufacturer Isocenter, own series, UNVERIFIED"),
    ("Secondary Capture, Video Photographic, Encapsulated PDF, CDA, STL, OBJ, MTL",
     "STOW-RS with metadata and bulk data", "what the metadata says; the rest by the section DICOMweb"),
    ("the SOP class of an original", "an object is asked for in a lossy transfer syntax",
     "a derived image with a UID of its own (PS3.3 C.7.6.1.1.5)"),
    ("the SOP class of an original", "`isocenter anonymize`", "a de-identified object with pseudonymous UIDs"),
    ("DICOMDIR", "a ZIP file with `dicomdir=true`", "a file-set (PS3.10) without an application profile"),
    ("CT, MR, US, CR and others", "`isocenter demo`", "studies of a phantom, of no patient"),
)  # fmt: skip


def rows(head: Iterable[str], lines: Iterable[Iterable[object]]) -> str:
    """Return a Markdown table."""
    made = [tuple(head), ("---",) * len(tuple(head)), *lines]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in made)


def overview() -> str:
    """Return the overview: networking and web services (PS3.2 D.1)."""
    return f"""\
Isocenter is an archive of medical images (PACS) with a web viewer. It receives objects over DICOM and DICOMweb, keeps
them as they came, answers searches, and hands objects out as stored or in another transfer syntax. It also keeps a
modality worklist, performed procedure steps and work items. This statement is made from the tables that the program
runs on, and a test compares it with them.

{rows(("networking service", "user (SCU)", "provider (SCP)"), SERVICES)}
{rows(("web service (PS3.18)", "user agent", "origin server"), WEB_SERVICES)}
Media interchange: no application profile is claimed (see Media interchange). De-identification: Basic Application
Confidentiality Profile with options (see De-identification). Transfer syntaxes and storage SOP classes are listed at
the end."""


def introduction() -> str:
    """Return audience, remarks, terms and references (PS3.2 D.3)."""
    return """\
**Audience.** Who connects Isocenter with other systems: administrators of PACS, integrators, engineers of vendors,
buyers. Knowledge of DICOM is assumed.

**Remarks.** Two conformance statements that fit do not by themselves mean that two systems work together as wished,
and a statement is no replacement for a test: try what matters with the systems of the site. What was tried with which
programs is in [interoperability.md](interoperability.md). It is the operator's duty to keep access to the node to who
may have it.

**Terms** are those of PS3.1 to PS3.20: AE application entity, SCU and SCP service class user and provider, IOD
information object definition, SOP service-object pair, UID unique identifier, UPS unified procedure step, MPPS
modality performed procedure step, VR value representation. A *known peer* is an AE whose title, host and port are
entered here.

**References.** NEMA PS3, Digital Imaging and Communications in Medicine, <https://www.dicomstandard.org>; RFC 8996
and 9325 (TLS); RFC 9110 (HTTP)."""


def implementation_model() -> str:
    """Return what the application entity does, and when (PS3.2 D.4.1)."""
    return """\
One application entity, whose title is the setting `aet`, provides and uses all services; the same title is used by
all worker processes, which share the ports.

```
 modalities ──C-STORE──►┌──────────────┐◄──C-FIND, C-MOVE, C-GET──── workstations
 RIS, modalities ◄─MWL─►│ application  │───C-STORE (C-MOVE)────────► known peers
            ──MPPS─────►│ entity       │───N-EVENT-REPORT──────────► known peers
 schedulers ◄──UPS─────►│ (DICOM, TLS) │
                        ├──────────────┤
 browsers, scripts ◄───►│ web server   │ DICOMweb, management, viewer
                        ├──────────────┤
                        │ archive      │ index and objects
                        └──────────────┘
```

- **Storage**: an object is written as it arrives, checked, made durable and entered into the index; then the response
  is sent. It can be found and retrieved from that moment.
- **Query and retrieve**: answers are read in pages and sent as they are found; objects are read while they are sent.
- **Storage commitment**: request, then reading back, then report; the same association is used if it stands.
- **Worklist and MPPS**: an entry is added, asked for, begun by N-CREATE, and ended by N-SET, which closes the entry.
- **Work items**: scheduled, claimed with a Transaction UID, updated, completed or canceled; subscribers are told.

There is no order between services: any may be used at any time."""


def associations() -> str:
    """Return the association policies (PS3.2 D.4.2)."""
    limits = Timeouts()
    requestor = (
        f"{limits.connect:g} s to connect, {limits.associate:g} s for the association, {limits.response:g} s an answer"
    )
    artim, idle, pdu, most = (
        f"`{name}` ({BY_NAME[name].default:g})"
        for name in ("artim_seconds", "idle_seconds", "max_pdu", "max_associations")
    )
    return f"""\
| | |
|---|---|
| Application context name | {APPLICATION_CONTEXT} |
| Implementation class UID | {IMPLEMENTATION_CLASS_UID} |
| Implementation version name | {IMPLEMENTATION_VERSION_NAME} |
| Largest PDU received | the setting {pdu} bytes; any is taken from peers and kept to |
| Associations at once, as acceptor | the setting {most} for each worker process |
| Associations at once, as requestor | one for each activity; `send --jobs` and `move_associations` say more |
| Asynchronous operations window | as acceptor 64 with storage and verification only, else 1 |
| the same, as requestor | up to 64 C-STOREs (8), as the peer grants; else 1 |
| Presentation contexts | up to {MAX_PRESENTATION_CONTEXTS} in an association; what needs more is sent over several |
| Extended negotiation | query and retrieve, see there; storage: none is answered |
| User identity | see Security |
| Timeouts as acceptor | {artim} s for the request and the end, {idle} s without a whole PDU |
| Timeouts as requestor | {requestor} |

### Acceptance

An abstract syntax is accepted with the first transfer syntax in our order of preference that the peer proposes:
uncompressed first, then lossless, then lossy ones. Any number of contexts may name one abstract syntax. Several AE
titles from one address, and one from several addresses, are taken.

With the setting `known_peers_only` a peer is known by AE title and address: contexts that it may not use are refused
(user rejection), an association without any other is rejected. Roles are granted for storage SOP classes, to receive
by C-GET; a peer that may not store is granted the SCP role only.

{rows(("result", "source", "reason", "when"), REJECTIONS)}
### Initiation

{rows(("activity", "abstract syntaxes", "transfer syntaxes", "role"), ACTIVITIES)}
A response with a failure is reported with its status, meaning and error comment; a command
then ends with exit code 1. An association that breaks off during `isocenter send` is replaced, and what was on its
way is sent again, object by object."""


def network() -> str:
    """Return network interfaces and configuration (PS3.2 D.4.3, D.4.4)."""
    parameters = [(f"`{name}`", f"`{BY_NAME[name].default}`", BY_NAME[name].help) for name in PARAMETERS]
    return f"""\
TCP/IP over whatever the operating system offers, IPv4 and IPv6; host names are looked up by the operating system. No
ports are opened but those of the settings.

**Names and addresses.** The AE title of the node is the setting `aet`. Remote AEs (AE title, host, port, TLS, what
they may do) are entered with `isocenter peers` or `/api/peers` and count at once; C-MOVE, reports of storage
commitment and of work items go to these only. All settings: [settings.md](settings.md).

{rows(("parameter", "default", "meaning"), parameters)}"""


def media() -> str:
    """Return what is done with media (PS3.2 D.5)."""
    return """\
As a file-set reader `isocenter import` and `isocenter send` take files, folders, ZIP files and media whose DICOMDIR
they find; every Part 10 file below is read, whether or not the DICOMDIR lists it. No application profile of PS3.11 is
claimed, no media are written but the ZIP file-set of the section DICOMweb."""


def objects() -> str:
    """Return which objects are made here, and what is extended, specialised, private (PS3.2 D.8)."""
    return f"""\
{rows(("SOP class", "made when", "content"), CREATED)}
Objects that are received are not changed: no attribute is coerced (PS3.4 B.4.1.3), no private one dropped. Two
objects with one SOP Instance UID and different content are both kept, the first in place. There are no standard
extended, specialised or private SOP classes, no private transfer syntaxes and no private attributes of this
implementation. Coded terminology: context group 9300 in discontinuation reasons, TID 1500 with codes of DCM, SCT and
UCUM in reports.

Greyscale: pictures are computed by PS3.3 C.11 and PS3.4 N to presentation values; a display is not calibrated from
here (PS3.14 is not claimed)."""


def character_sets() -> str:
    """Return the support of character sets (PS3.2 D.6)."""
    return """\
All terms of PS3.3 C.12.1.1.2 are read, single-byte, multi-byte, with and without code extensions, and GB18030, GBK
and UTF-8 (ISO_IR 192). Objects are kept in the set that they have. Answers of queries are in the set of the query
where that is a single one and holds the text, else in UTF-8; DICOMweb and objects that are made here are in UTF-8.
Text above 7F without a known set is read as UTF-8, else as Latin-1."""
