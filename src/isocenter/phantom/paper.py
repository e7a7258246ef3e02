"""A page of a PDF: lines of text and bars, written by hand in the few operators it needs (ISO 32000-1).

Must not know: DICOM.
"""

from __future__ import annotations

from dataclasses import dataclass, field

WIDTH, HEIGHT = 595, 842
"""A4 in points."""


@dataclass(slots=True)
class Page:
    """Content of a page; positions in points from the lower left."""

    content: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, line: str, size: float = 11, *, bold: bool = False) -> None:
        """Write a line of ASCII."""
        escaped = line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        self.content.append(f"BT 0 g /F{2 if bold else 1} {size} Tf {x} {y} Td ({escaped}) Tj ET")

    def box(self, x: float, y: float, width: float, height: float, colour: tuple[float, float, float]) -> None:
        """Fill a rectangle."""
        red, green, blue = colour
        self.content.append(f"{red} {green} {blue} rg {x} {y} {width} {height} re f")

    def write(self) -> bytes:
        """Return the document of this page."""
        stream = "\n".join(self.content)
        fonts = "<< /Font << /F1 4 0 R /F2 5 0 R >> >>"
        bodies = [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents 6 0 R /Resources {fonts} >>",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >>",
            f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        ]
        out, places = "%PDF-1.4\n", []
        for number, body in enumerate(bodies, 1):
            places.append(len(out))
            out += f"{number} 0 obj\n{body}\nendobj\n"
        table = "".join(f"{place:010d} 00000 n \n" for place in places)
        trailer = f"trailer\n<< /Size {len(bodies) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
        return f"{out}xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{table}{trailer}".encode("ascii")
