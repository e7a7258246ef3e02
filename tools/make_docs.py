"""Write the pages of ``docs/`` that are derived from tables: settings, commands, conformance statement.

usage: python tools/make_docs.py [--check]        ``--check`` changes nothing and fails if a page is not up to date
"""

import sys
import textwrap
from pathlib import Path

import click
import conformance_text as text

from isocenter.cli import COMMANDS, program
from isocenter.codecs.registry import can_decode
from isocenter.codecs.writing import ENCODERS, is_lossy
from isocenter.commitment import FailureReason
from isocenter.deid._tables.profile import EDITION
from isocenter.deid.options import CODES, KEEP, meaning
from isocenter.dicom.uids import NON_PATIENT_SOP_CLASSES, SOP_CLASSES, TRANSFER_SYNTAXES
from isocenter.dimse.commands import CommandField
from isocenter.dimse.status import describe
from isocenter.index.attributes import ATTRIBUTES, NON_PATIENT_ATTRIBUTES
from isocenter.services.commit_report import STORAGE_COMMITMENT
from isocenter.services.information_model import LEVEL_NAMES, MODELS
from isocenter.services.mpps import MPPS_RETRIEVE
from isocenter.services.ups import ACTIONS, OPERATIONS, UPS_EVENT
from isocenter.services.worklist import MODALITY_WORKLIST_FIND
from isocenter.settings import SETTINGS
from isocenter.transcoding.transcoder import WRITABLE
from isocenter.ups.requirements import CODE, REQUIREMENTS, Requirement
from isocenter.ups.states import NOTICES, REFUSALS
from isocenter.worklist.keys import KEYS as WORKLIST_KEYS
from isocenter.worklist.performed import MODALITY_PERFORMED_PROCEDURE_STEP
from isocenter.worklist.performed_attributes import STEP_ATTRIBUTES, StepAttribute

DOCS = Path(__file__).resolve().parent.parent / "docs"
NOTE = "<!-- Made by `make docs`; do not edit. -->\n"


def table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def settings_page() -> str:
    """Return the page of settings."""
    rows: list[tuple[object, ...]] = [(f"`{s.name}`", f"`{s.default}`", s.help) for s in SETTINGS]
    return (
        f"{NOTE}# Settings\n\nA setting comes from the command line (`--http-port`), else from the environment "
        "(`ISOCENTER_HTTP_PORT`), else from the TOML file given with `--config` (`http_port = 8080`), else from its "
        "default. `isocenter settings` prints all with their source.\n\n"
        + table(("setting", "default", "what it does"), rows)
    )


def commands_page() -> str:
    """Return the page of commands: their own help."""
    context = click.Context(program, info_name="isocenter")
    parts = [f"{NOTE}# Commands\n\nExit codes: 0 done, 1 something failed, 2 wrong use.\n"]
    for name in COMMANDS:
        command = program.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context, terminal_width=100, max_content_width=100)
        parts.append(f"## isocenter {name}\n\n```text\n{command.get_help(inner)}\n```\n")
        for part, below in getattr(command, "commands", {}).items():
            innermost = click.Context(below, info_name=part, parent=inner, terminal_width=100, max_content_width=100)
            parts.append(f"### isocenter {name} {part}\n\n```text\n{below.get_help(innermost)}\n```\n")
    return "\n".join(parts)


def list_of_options() -> str:
    """Return the options of de-identification, one a line."""
    return "\n".join(f"{meaning(CODES[option])}," for option in KEEP.values())


def performed_rows(attribute: StepAttribute, above: str = "") -> list[tuple[object, ...]]:
    """Return the rows of an attribute of a performed procedure step and of its items."""
    said = ["yes" if flag else "" for flag in (attribute.may_set, attribute.final)]
    row: tuple[object, ...] = (f"{above}{attribute.keyword}", attribute.type, *(said if not above else ("", "")))
    return [row, *(inner for each in attribute.items for inner in performed_rows(each, f"{above}> "))]


def requirement_rows(rows: tuple[Requirement, ...], depth: int = 0) -> list[tuple[object, ...]]:
    """Return the rows of attributes of work items, those of items below their sequence."""
    found: list[tuple[object, ...]] = []
    for row in rows:
        found.append((">" * depth + row.keyword, row.create, row.set, row.final, row.get))
        if row.inner == CODE:  # the same everywhere
            found.append((">" * (depth + 1) + "an item of a code sequence", "", "", "", ""))
        else:
            found += requirement_rows(row.inner, depth + 1)
    return found


#: Operations of work items; actions are named by themselves.
NAMES = {
    CommandField.C_FIND_RQ: "C-FIND",
    CommandField.N_CREATE_RQ: "N-CREATE",
    CommandField.N_GET_RQ: "N-GET",
    CommandField.N_SET_RQ: "N-SET",
}


def ups_section() -> str:
    """Return the part of the conformance statement about Unified Procedure Steps."""
    classes: list[tuple[object, ...]] = [
        (
            SOP_CLASSES[uid].name,
            uid,
            ", ".join(
                [
                    *sorted(NAMES[each] for each in operations if each in NAMES),
                    *(f"N-ACTION {each} ({ACTIONS[each]})" for each in sorted(actions)),
                    *(["N-EVENT-REPORT, on an association of our own"] if uid == UPS_EVENT else []),
                ]
            ),
        )
        for uid, (operations, actions) in OPERATIONS.items()
    ]
    statuses: list[tuple[object, ...]] = sorted(
        {(f"{r.status:04X}", r.http_status, r.text, r.warning) for r in REFUSALS}
        | {(f"{n.status:04X}", "2xx", n.text, n.text) for n in NOTICES}
    )
    return f"""## Unified Procedure Steps

Work items are kept in the index; UPS-RS (PS3.18 chapter 11, `/dicom-web/workitems`) and the DIMSE services are two
faces of the same.

{table(("SOP class", "UID", "as SCP"), classes)}
A request may name UPS Push as its SOP class, or the one that was negotiated. N-CREATE without a UID gets one.
Attributes by PS3.4 Table CC.2.5-3, SCU/SCP: `1` with a value, `2` present, `3` optional, `C` on a condition; `-` not
allowed; `0` empty. What is of type 2 and lacks is added empty, with the status B300. Final state: `R` in both, `P`
when COMPLETED (`P2`: present), `X` when CANCELED; when a work item is canceled and it lacks, the time and the reason
(110513, DCM, "Discontinued for unspecified reason") are added here. Attributes that are not in the table are kept as
they are. WorklistLabel is the AE title of the archive where none is given; ScheduledProcedureStepModificationDateTime
is set here. A sequence is set as a whole.

{table(("attribute", "N-CREATE", "N-SET", "final state", "N-GET"), requirement_rows(REQUIREMENTS))}
Every attribute can be a matching and a return key, at any depth, as in Modality Worklist. The Transaction UID is
never returned. A SCHEDULED work item whose cancellation is requested becomes IN PROGRESS and CANCELED at once; one IN
PROGRESS is left to its performer, and the request fails (C312) where nobody is subscribed. COMPLETED and CANCELED
work items are deleted after the setting `workitem_days`, unless a subscriber holds a deletion lock; locks are always
granted. Over HTTP a request about a deleted one is answered 410, for ten years.

Subscriptions: to one work item, to all, and with a filter; an AE title has one of each of the latter two. Reports
(UPS State, Cancel Requested, Progress, Assigned, SCP Status Change) are kept for a day until they are told: over
WebSocket (`/ws/subscribers/AETITLE`, DICOM JSON), and by N-EVENT-REPORT to a known peer of that AE title, on an
association that asks for the role of the SCP of UPS Event, with attempts after 5, 30, 120, 600 and then every 1800
seconds. A report that is answered with a failure is not repeated. A receiver that subscribes by DIMSE has to be a
known peer (C308).

An item of a code sequence needs CodeMeaning and one of CodeValue, LongCodeValue and URNCodeValue, with
CodingSchemeDesignator unless it is the last.

{table(("status", "HTTP", "meaning", "Warning field"), statuses)}"""


def written(uid: str) -> str:
    """Return whether objects can be written in a syntax, and how."""
    if uid not in WRITABLE:
        return ""
    return "with loss" if is_lossy(uid) else "lossless" if uid in ENCODERS else "uncompressed"


def conformance_page() -> str:
    """Return the DICOM conformance statement (PS3.2), as far as this version goes."""
    storage = sorted((c.name, c.uid) for c in SOP_CLASSES.values() if c.storage)
    syntaxes = [(s.name, s.uid, "yes" if can_decode(s.uid) else "", written(s.uid)) for s in TRANSFER_SYNTAXES.values()]
    keys: list[tuple[object, ...]] = [
        (f"({k.tag >> 16:04X},{k.tag & 0xFFFF:04X})", k.keyword, k.vr, k.level.name.lower()) for k in ATTRIBUTES
    ]
    non_patient: list[tuple[object, ...]] = sorted(
        (category, SOP_CLASSES[uid].name, uid) for uid, category in NON_PATIENT_SOP_CLASSES.items()
    )
    kept = ("SOPInstanceUID", "SOPClassUID", "AvailableTransferSyntaxUID")
    names = textwrap.fill(", ".join((*kept, *(attribute.keyword for attribute in NON_PATIENT_ATTRIBUTES))), 120)
    models: list[tuple[object, ...]] = [
        (m.name, ", ".join(LEVEL_NAMES[level] for level in m.levels), m.find, m.move, m.get) for m in MODELS
    ]
    worklist: list[tuple[object, ...]] = [
        (k.keyword, "yes" if k.in_step else "", k.type, k.matching, k.need.value) for k in WORKLIST_KEYS
    ]
    performed: list[tuple[object, ...]] = [row for attribute in STEP_ATTRIBUTES for row in performed_rows(attribute)]
    reasons = ", ".join(describe(reason) for reason in FailureReason)
    return f"""{NOTE}# DICOM conformance statement

## Overview

{text.overview()}

## Introduction

{text.introduction()}

## Implementation model

{text.implementation_model()}

## Associations

{text.associations()}

## Network interfaces and configuration

{text.network()}
## Storage

Objects are stored as received, level 2 (full): no element is changed, none is dropped. Any SOP class of the list at the
end is taken, others by the setting `accept_unknown_sop_classes`, in any transfer syntax of the list.

Status answered to C-STORE: 0000 success (durably stored, or stored before with the same bytes); B000 a conflict:
another object with this UID was there before, both are kept and listed; A700 out of resources; A900 the data set is
not the object that the command announced; C000 the data set cannot be read (the error comment says why); 0110
processing failure.

## Query and retrieve

{table(("information model", "levels", "C-FIND", "C-MOVE", "C-GET"), models)}
Queries are hierarchical: above the level of the query one unique key each is needed (A900 names the missing one).
Extended negotiation agrees to relational queries, combined date and time matching, fuzzy matching of person names and
time zone adjustment, which are then in force; to empty value and multiple value matching, which always are; not to
converted multi-frame images. With time zone adjustment a TimezoneOffsetFromUTC in the query says at which offset its
dates are (with combined matching its times too); a study without an offset of its own counts as if it had that one.
Its answers hold dates and times at that offset, and name it, where a study names its own; all other answers hold them
as they are in the objects.

Matching (PS3.4 C.2.2.2): single value, list of UIDs, universal, wildcard (`*`, `?`), range of dates and times, several
values, the empty value (`""`). Person names match without regard to case, accents and width, in each component group;
all other text with regard to case. Fuzzy matching of PatientName: each word of the key begins a word of the name or
sounds like one, in any order; of other names: begins one.
Keys of a lower level match where there is one such series or object. A key that is not in the table below is left out
of the answers, which then have the status FF01.

A site can add keys (`isocenter keys`, `/api/query-keys`): any attribute of a VR that can be compared, at the top of
the data set or in the items of sequences, and private ones by creator. At a level above the instance the first object
that has a value counts. They match as the others do; keys in one sequence are met by one item (PS3.4 C.2.2.2.6), and
an item in the identifier that holds other attributes makes the status FF01. C-FIND and QIDO-RS
(`RequestAttributesSequence.ScheduledProcedureStepID=…`, `0019xx0F:CREATOR=…`, `includefield`) answer them where they
are asked for. New objects are found by them some seconds after they were stored.

Answers carry RetrieveAETitle, and InstanceAvailability (ONLINE) where it is asked for. They are in the character set of
the query where that is a single one and holds the text, else in UTF-8 (ISO_IR 192).

Status answered to C-FIND: FF00, FF01 pending; 0000 done; FE00 cancelled; A700 more matches than the setting
`find_limit`, or no resources; A900 the identifier does not fit the model (ErrorComment and OffendingElement say what);
C001 the archive could not search.

A retrieval names objects by the unique keys of its level, of which there may be several, and of those above
(relational where that was negotiated). C-MOVE sends to known peers, with the AE title and message ID of the C-MOVE in
each C-STORE; C-GET sends on contexts for which the peer was granted the SCP role. An object goes out as it is stored
where the receiver accepted that transfer syntax; else uncompressed in explicit or implicit VR little endian, if it
accepted one of these and the object can be decoded; else, for an object that nothing was lost of, in HTJ2K, JPEG
lossless (SV1), JPEG-LS, JPEG 2000 or RLE, all lossless, if it accepted that (C-GET; C-MOVE proposes none of these for
an object that is not stored in it); else it is a failed sub-operation. Nothing is compressed with loss on the way.
After each sub-operation, also the last, there is a pending response with the counts (65535: or more).

Status answered to C-MOVE and C-GET: FF00 pending; 0000 all objects were taken, or there are none; B000 some failed;
A702 all failed; FE00 cancelled; A801 the destination is not known, or is this archive; A900 the identifier does not fit
the model; C001 the archive could not read. FailedSOPInstanceUIDList names what failed, ErrorComment says why one did.

## Storage commitment

Storage Commitment Push Model, {STORAGE_COMMITMENT}. An object is committed if it is in the index under the SOP class
that was named, and its bytes, read back from the storage for this request, have the hash that was taken when they
came in.

The request is kept durably before it is answered. The report (N-EVENT-REPORT) is sent over the association that
asked, as soon as everything was read back and the peer asks for nothing else. If that association ends before, or the
report is answered with a failure, it is sent over an association that this archive requests, with the SCP role
proposed (role selection: SCU 0, SCP 1); the peer has to be known (`isocenter peers`). That is tried again after 10 s,
then after twice as long each time, up to an hour, for the days of the setting `commitment_retry_days`, also after a
restart. A peer that is not known gets its report over the association that asked only. RetrieveAETitle is the AE
title of this archive.

Status answered to N-ACTION: 0000 the request is kept; 0110 the data set cannot be read; 0112 not the well-known
instance; 0115 TransactionUID or a reference is missing or no UID; 0118 another SOP class; 0123 not action type 1;
0211 another operation; 0213 no resources. Failure reasons in the report: {reasons}. A Transaction UID that the same
peer has used before gets a report with that reason for each object, over the association that asked. Transactions are
listed at `/api/commitments`, and forgotten after the days of the setting `commitment_keep_days`.

As SCU the report is taken over the association that asked, and with `--listen` over one that the node requests. With
the setting `known_peers_only` commitment is for peers that may store.

## Modality Worklist

Modality Worklist Information Model - FIND, {MODALITY_WORKLIST_FIND}. An entry is one scheduled procedure step. Entries
come from the management API (`/api/worklist`), from `isocenter worklist add`, and from the files of `worklist_folder`.
Answers come by date and time of the step. Completed and discontinued steps are not answered, unless the setting
`worklist_keep_finished` says so; ScheduledProcedureStepStatus is SCHEDULED, ARRIVED, READY, STARTED, DEPARTED, and then
COMPLETED or DISCONTINUED.

Every attribute of PS3.6 can be a matching and a return key, at any depth of sequences: those of the table, and whatever
else an entry holds. What an entry does not hold is returned with zero length. A sequence that has no item in the query,
or an empty one, is returned whole. Matching is as above; a range of dates and a range of times of the step are one span
from moment to moment (PS3.4 K.6-1); of a sequence one item has to match. A private key is passed over, and the answers
have the status FF01. Answers are in the character set of the query as above.

Status answered to C-FIND: FF00, FF01 pending; 0000 done; FE00 cancelled; A700 more matches than the setting
`find_limit`, or no resources; A900 a key cannot be read (ErrorComment and OffendingElement say which); C001 the archive
could not search.

{table(("attribute", "in the step", "return type", "matching asked for by the standard", "in an entry"), worklist)}
## Modality Performed Procedure Step

{MODALITY_PERFORMED_PROCEDURE_STEP}: N-CREATE and N-SET; Retrieve, {MPPS_RETRIEVE}: N-GET. Steps are kept, and can be
searched in the management API (`/api/mpps`). A step moves the worklist entries that its
ScheduledStepAttributesSequence names by StudyInstanceUID and ScheduledProcedureStepID: STARTED while one that names it
is in progress, then COMPLETED if one was completed, else DISCONTINUED. Steps that are over, and worklist entries that
are over or were not begun on their day, are deleted after the settings `mpps_days` and `worklist_days`, if these are
not 0.

What the table has as type 1 is needed. What is of type 2 and missing is taken as empty. What N-SET may not change stays
as it was; if it was sent with another value the status is 0107 with AttributeIdentifierList. When a step ends, what the
table needs at the end must be there, and SeriesInstanceUID and ProtocolName in each series; a discontinued step may be
without series. Other attributes are kept as sent.

Status answered: 0000 done; 0001 (N-GET) an attribute that was asked for is not there; 0106 invalid value, or the step
does not begin IN PROGRESS; 0107 see above; 0110 the step is over (Error ID A710), or processing failure; 0111 this UID
is there already; 0112 there is no such step; 0117 the UID is none; 0120 an attribute is missing; 0121 it is empty; 0213
no resources. AttributeIdentifierList names the attributes, ErrorComment says the same in words. N-CREATE without a SOP
Instance UID gets one in the response. Not supported: the Notification SOP class (N-EVENT-REPORT).

With the setting `known_peers_only` the worklist is for peers that may find, and reports for those that may store.

{table(("attribute", "type in N-CREATE", "N-SET may change it", "needed at the end"), performed)}

{ups_section()}
## DICOMweb

STOW-RS, QIDO-RS (studies, series, instances), WADO-RS (study, series, instance, metadata, frames, rendered, thumbnail,
bulk data), UPS-RS under `/dicom-web`; WADO-URI.

STOW-RS takes DICOM files (`application/dicom`, one alone or as parts), or metadata with bulk data: parts of
`application/dicom+json` (one, with all objects) or `application/dicom+xml` (one for each object) first, then the bulk
data, each part with the Content-Location that a BulkDataURI names. Parts may be

| part of | becomes |
|---|---|
| `image/jpeg`, `image/jls`, `image/jp2`, `image/jphc` | a frame as it is; progressive JPEG is decoded |
| `image/png` | native pixel data; transparency is shown on white |
| `image/dicom-rle` | an RLE frame; the metadata describes it |
| `video/mp4` (H.264 to High Profile 4.2, HEVC Main, Main 10), `video/mpeg` (MPEG-2) | the one fragment of a video |
| `application/pdf`, `text/xml` (CDA), `model/stl`, `model/obj`, `model/mtl` | an encapsulated document |
| `application/octet-stream` | native pixel data (little endian), or any other value |

Several parts with one Content-Location are the frames of an image. What a picture or video says of itself is filled in;
metadata that contradicts it is refused (C000). Without SOPClassUID the part decides: Secondary Capture, Video
Photographic, or the encapsulated kind, whose missing attributes are added, empty where that is allowed. Missing UIDs of
series and instance are made. An object that lacks a part, or a part that no object names, is a failure in the answer;
the others are stored. Addresses are never fetched. Limits: 50 000 parts, 32 MiB of metadata, 20 000 objects a request.
The answer is JSON, or XML on request.

Answers of QIDO-RS and metadata are DICOM JSON, or on request the Native DICOM Model in XML (PS3.19 A.1), a part each:
`multipart/related; type="application/dicom+xml"`.

QIDO-RS: matching as above; `includefield` (keywords, tags, `all`), `limit`, `offset`, `fuzzymatching`,
`emptyvaluematching` (in force in any case), `multiplevaluematching` (an attribute may be given several times),
TimezoneOffsetFromUTC as above; ranges of date and time are combined; at most 20 000 answers, with a Warning if there
are more. Extension: `orderby=PatientName,-StudyDate` orders by attributes of the level
or of one above, descending after a hyphen; absent values come last either way, studies with equal ones are in the
order of their UIDs; instances only where a study or series is named. Extension: `status=` finds what belongs to studies
that are `arriving` (a series has not settled), have a `conflict` in the list, were `corrected`, have a `report` (SR or
document, dose and logs apart) or `key-images`.

The viewer is an Image Display of IHE Invoke Image Display (RAD-106): `/IHEInvokeImageDisplay?requestType=STUDY` (or
`/viewer?requestType=STUDY`) with studyUID or accessionNumber, lists separated by commas, and `requestType=PATIENT` with
patientID (`ID^^^ISSUER` in the form of HL7 CX), patientBirthDate, lowerDateTime, upperDateTime, modalitiesInStudy and
mostRecentResults (1 if absent, 8 at most). Wrong parameters and studies that are not there are told on the page, with
HTTP status 200. patientName, viewerType, diagnosticQuality and keyImagesOnly are ignored; times are those of the study,
whatever zone is given.

OPTIONS at any address under `/dicom-web` tells which methods, parameters and media types it and those below it have
(PS3.18 8.9), as WADL or JSON. HEAD is answered wherever GET is. Single instances and bulk data have byte ranges,
instances that go out as stored an entity tag too. JSON and XML are packed for clients that take gzip or zstd. Pages of
other origins are let in by the setting `cors_origins`.

WADO-RS gives objects and frames in the transfer syntax that the Accept field names, of those marked below, or as stored
(`transfer-syntax=*`); a media type without one stands for its lossless default. Of what is
wanted alike, what is stored comes first, then what loses nothing; where many answers wait for the processor, who takes
frames as stored, too, gets them so. What cannot be had is answered 406 with
what there is. An object in a lossy syntax is a derived one, with a SOP Instance UID of its own and the attributes of
PS3.3 C.7.6.1.1.5. Objects without an image come in Explicit VR Little Endian. Nothing is converted to Implicit VR
Little Endian or Explicit VR Big Endian.

Rendered resources of studies, series, instances and frames: image/jpeg, image/png, image/webp, image/gif (the frames of
one image, at most 512), video/mp4 (the same, at most 16384, as AV1 Main Profile 4:2:0 in a fragmented file); video as
stored; several pictures as multipart/related. Parameters: `annotation` (patient,
technique), `quality`, `viewport` (negative sizes flip), `window` with its three functions, `iccprofile` (no, yes, srgb,
adobergb, rommrgb; colour in JPEG and PNG). A presentation state (grey scale, colour,
XA/XRF) is rendered as the images that it is for, with modality and VOI LUT, presentation LUT, shutters (no bitmaps),
overlays, graphics, text, displayed area, rotation and flip. Thumbnails at all four levels.

WADO-URI at `/wado`: requestType, studyUID, seriesUID, objectUID, contentType (application/dicom, image/jpeg,
image/png; image/gif and video/mp4 of all frames; video as stored), transferSyntax, frameNumber, rows, columns, region,
windowCenter, windowWidth, imageQuality, annotation, presentationSeriesUID, presentationUID. Refused with
406: anonymize.

`Accept: application/zip` at the address of a study, series or instance gives its objects, as they were stored, in one
ZIP file that is written as a stream; with `dicomdir=true` as a file-set (PS3.10) with its DICOMDIR. No application
profile is claimed: objects are as stored, and a required key that an object lacks stays empty, but for numbers.

With `anonymize=PROJECT` in the query, the same addresses give the objects de-identified under that project (an
extension), in parts, alone or as a ZIP file with reports; what cannot be cleaned is left out, with status 206 and a
Warning field. All other addresses of DICOMweb refuse the parameter (400).

Where the setting `dicomweb_delete` allows it, DELETE at the address of a study, series or instance deletes it (204).
It stays in a bin for `bin_days`, where no query, retrieval or storage commitment finds it.

Patient and study attributes can be corrected by the management API, the command line and the viewer (not over DICOM or
DICOMweb). The objects of the study keep their UIDs and transfer syntaxes, get the new values, and an item in Original
Attributes Sequence (0400,0561) with the values before, ModifyingSystem `ISOCENTER` and the AE title, and
ReasonForTheAttributeModification CORRECT (PS3.3 C.12.1). SpecificCharacterSet becomes ISO_IR 192 where it lacks a
character of the new values. Digital signatures and the lengths of changed groups are left out.

{table(("tag", "matching key", "VR", "level"), keys)}
## Objects that belong to no patient

The SOP classes of the Non-Patient Object Storage Service Class (PS3.4 GG.3) are stored as all others, by C-STORE and
STOW-RS. They need SOPClassUID and SOPInstanceUID only; what they say of a study, series or patient does not count. An
object of any other class without StudyInstanceUID and SeriesInstanceUID is refused (C000).

Non-Patient Instance service (PS3.18 12) under `/dicom-web`: search at `/{{category}}`, retrieve at
`/{{category}}/{{uid}}`, as `application/dicom+json` (the default; the whole data set, binary values inline), as XML,
or as stored (`application/dicom`). Answers hold all keys that the object has; `limit` and `offset` work as above. Keys:

{names}

Not supported: the transactions Retrieve Capabilities and Store of that section (STOW-RS at `/studies` stores these
objects), and the information models of these classes over DIMSE (C-FIND, C-MOVE, C-GET).

{table(("category", "SOP class", "UID"), non_patient)}
## Media interchange

{text.media()}

## Objects made here

{text.objects()}

## Character sets

{text.character_sets()}

## Security

DICOM over TLS on a port of its own (setting `dicom_tls_port`), as acceptor and requestor: BCP 195 RFC 8996, 9325 TLS
Secure Transport Connection Profile (PS3.15 B.12), which includes what the retired Non-Downgrading profile (B.10) asks
for; with the setting `tls_profile = extended` the AES-GCM suites of the retired Extended profile (B.11). TLS 1.2 and
1.3; with TLS 1.2 ECDHE with AES-GCM, in the profile B.12 also ChaCha20-Poly1305. The Modified profile (B.13) is not
claimed. Certificates of both sides are verified against the CAs of the setting `tls_ca` (requestor: `--tls-ca`), and
the acceptor's also against the host name; a requestor's certificate is required, optional or not asked for by the
setting `tls_client_certificates`. What the revocation lists of the setting `tls_crl` name is refused.

DICOMweb, management API and viewer over HTTPS by the setting `https`, with the same versions and cipher suites. Without
users the node listens on the loopback address only, unless `insecure` is set or certificates are required. No digital
signatures, no encrypted attributes, no audit trail messages (PS3.15 A.5); what services did is in the log, without
attributes of patients.

User identity negotiation (PS3.7 D.3.3.7): as acceptor all types (user name, passcode, Kerberos, SAML, JSON Web Token)
are taken, logged by name and not verified, so that no positive response is sent. As requestor: user name, with or
without passcode, and JSON Web Token, with a positive response asked for by choice.

## De-identification

`isocenter anonymize` follows PS3.15 edition {EDITION}, Basic Application Confidentiality Profile, with these options:
{list_of_options()}
and Clean Pixel Data Option in objects whose text was
blanked. How values are replaced, what is set aside and what is not claimed: [deidentification.md](deidentification.md).

## Transfer syntaxes

All are stored and given as they are. Decoded: frames can be had uncompressed and as pictures. Written: objects and
frames can be had in it.

{table(("name", "UID", "decoded", "written"), list(syntaxes))}
## Storage SOP classes

{table(("name", "UID"), list(storage))}"""


PAGES = {"settings.md": settings_page, "commands.md": commands_page, "conformance.md": conformance_page}


def main() -> int:
    """Write or check the pages; return the exit code."""
    stale = []
    for name, page in PAGES.items():
        path = DOCS / name
        text = page().rstrip() + "\n"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if "--check" not in sys.argv[1:]:
                path.write_text(text, encoding="utf-8")
    if stale and "--check" in sys.argv[1:]:
        print(f"not up to date: {', '.join(stale)}; run 'make docs'")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
