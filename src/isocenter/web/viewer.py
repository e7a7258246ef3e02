"""The built viewer: files of one folder, ``index.html`` for the viewer's own addresses (RFC 9111, RFC 9110 8.4).

Names under ``assets/`` carry a hash of their content and never change; everything else is asked for again each time.
A file with a compressed sibling (``.br``, ``.gz``) is served in that form to clients that take it. The page names its
files relative to its own address, so that a proxy may show it below any path; ``sw.js`` is its service worker. The page
of the study list, unless its address has a filter, comes with a link to its first rows (RFC 8288), which browsers ask
for before any script has run.
"""

import re
from email.utils import formatdate
from pathlib import Path
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from isocenter.web.conditional import is_known
from isocenter.web.node import Node

STATIC = Path(__file__).parent / "static"
PAGES = Path(__file__).parent / "pages"

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".webmanifest": "application/manifest+json",
    ".wasm": "application/wasm",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
_DOCS = frozenset({"docs.html", "docs.css", "docs.js"})
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_IMMUTABLE = "public, max-age=31536000, immutable"
_REVALIDATE = "no-cache"
_SERVICE_WORKER = "sw.js"
#: A service worker has a policy of its own: this one needs to fetch files of this server, nothing else.
_WORKER_POLICY = {"content-security-policy": "default-src 'none'; connect-src 'self'"}
#: What the address of the list may order by.
_ORDER_BY = "orderby"
_ORDER = re.compile(r"-?[A-Za-z]{1,64}(,-?[A-Za-z]{1,64}){0,3}")


class Viewer:
    """Serves one folder; small files, read as a whole."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._folder = folder

    async def page(self, _node: Node, request: Request) -> Response:
        """Return the viewer's one page, or the page that says how to build it."""
        if not (self._folder / "index.html").is_file():
            return Response((PAGES / "missing.html").read_bytes(), media_type=_TYPES[".html"], headers=_no_cache())
        depth = request.path_params["rest"].count("/") + 1 if "rest" in request.path_params else 0
        response = _based(self._folder / "index.html", depth) if depth else _serve(self._folder / "index.html", request)
        if request.url.path.endswith("/") and not depth and not request.query_params.keys() - {_ORDER_BY}:
            response.headers["link"] = _first_rows(request.query_params.get(_ORDER_BY, ""))
        return response

    async def file(self, _node: Node, request: Request) -> Response:
        """Return a file of the folder, never anything outside it."""
        name = request.path_params["path"]
        parts = name.split("/")
        if any(part.startswith(".") or not part or "\0" in part or "\\" in part for part in parts):
            raise HTTPException(404, "there is no such page")
        path = self._folder.joinpath(*parts)
        if path.suffix not in _TYPES or not path.is_file():
            raise HTTPException(404, "there is no such page")
        response = _serve(path, request, _IMMUTABLE if parts[0] == "assets" else _REVALIDATE)
        response.headers.update(_WORKER_POLICY if name == _SERVICE_WORKER else {})
        return response


def _first_rows(order: str) -> str:
    """Return the link to what ``viewer/src/ui/study-list/use-studies.ts`` asks for first: another would be in vain."""
    ordered = urlencode({_ORDER_BY: order}) + "&" if _ORDER.fullmatch(order) else ""
    return f'<dicom-web/studies?{ordered}limit=50&offset=0>; rel="preload"; as="fetch"; crossorigin'


def _no_cache() -> dict[str, str]:
    return {"cache-control": _REVALIDATE}


def _based(path: Path, depth: int) -> Response:
    """Return the page for an address that lies deeper than itself: its files are so many folders up."""
    page = path.read_bytes().replace(b"<head>", b'<head><base href="%s">' % (b"../" * depth), 1)
    return Response(page, media_type=_TYPES[".html"], headers=_no_cache())


def _serve(path: Path, request: Request, cache_control: str = _REVALIDATE) -> Response:
    accepted = {item.split(";")[0].strip() for item in request.headers.get("accept-encoding", "").split(",")}
    status = path.stat()
    encoding, chosen = "", path
    for name, suffix in _ENCODINGS:
        sibling = path.with_name(path.name + suffix)
        if name in accepted and sibling.is_file():
            encoding, chosen = name, sibling
            break
    headers = {
        "cache-control": cache_control,
        "etag": f'"{status.st_mtime_ns:x}-{status.st_size:x}{encoding}"',
        "last-modified": formatdate(status.st_mtime, usegmt=True),
        "vary": "accept-encoding",
    }
    if is_known(request, headers["etag"]):
        return Response(status_code=304, headers=headers)
    if encoding:
        headers["content-encoding"] = encoding
    return Response(chosen.read_bytes(), media_type=_TYPES[path.suffix], headers=headers)


async def docs_page(_node: Node, request: Request) -> Response:
    """Return the page that shows the management API, or a file of it; it asks nobody but this server."""
    path = PAGES / request.path_params.get("name", "docs.html")
    if path.name not in _DOCS:
        raise HTTPException(404, "there is no such page")
    return _serve(path, request)
