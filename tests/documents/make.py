"""How the documents here were made: python make.py, with pandoc, LibreOffice, qpdf and Chromium installed, and fpdf2.

The story is of our own invention. Made once, and kept: the tools put the time into what they write.
"""

from __future__ import annotations

import subprocess
import time
from email.message import EmailMessage
from pathlib import Path

from fpdf import FPDF
from PIL import Image, ImageDraw

HERE = Path(__file__).parent
STORY = HERE / "story.md"
BROKEN = {
    "passengers": "passen\u00adgers",
    "discussed": "dis\u00adcussed",
    "expected": "ex\u00adpected",
}


class Paper(FPDF):
    """A narrow page with a header and a footer, as magazines have."""

    def header(self) -> None:
        self.set_font("helvetica", size=8)
        self.cell(0, 5, f"THE SOUND COURIER {self.page_no()}", new_x="LMARGIN", new_y="NEXT")

    def footer(self) -> None:
        self.set_y(-10)
        self.set_font("helvetica", size=8)
        self.cell(0, 5, f"Page {self.page_no()} of {{nb}}")


def run(*command: str | Path) -> None:
    subprocess.run(command, check=True, cwd=HERE)  # The commands below.


def main() -> None:
    run("pandoc", STORY, "-o", "story.epub")
    run("pandoc", STORY, "-o", "pandoc.docx")
    # LibreOffice writes it anew, as a person's own editor would.
    run(
        "soffice",
        "--headless",
        "--convert-to",
        "docx:MS Word 2007 XML",
        "--outdir",
        "out",
        "pandoc.docx",
    )
    (HERE / "out" / "pandoc.docx").rename(HERE / "story.docx")
    run("pandoc", STORY, "-s", "-o", "story.html")
    # With the header and footer that a browser prints: day, title, address, page.
    with subprocess.Popen(["python3", "-m", "http.server", "8000"], cwd=HERE) as serving:  # noqa: S607
        time.sleep(1)
        page = "http://localhost:8000/story.html"
        run(
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--print-to-pdf=printed.pdf",
            page,
        )
        serving.terminate()
    text = STORY.read_text().split("---", 2)[2]
    paper = Paper(format=(90, 120))
    paper.set_title("Microsoft Word - ferry_v3.doc")
    paper.add_page()
    paper.set_font("helvetica", size=10)
    for paragraph in text.split("\n\n"):
        if paragraph.strip() and "|" not in paragraph:
            words = " ".join(paragraph.replace("*", "").replace("#", "").split())
            for word, broken in BROKEN.items():
                words = words.replace(word, broken)
            paper.multi_cell(0, 5, words, align="J", new_x="LMARGIN", new_y="NEXT")
            paper.ln(2)
    paper.output(str(HERE / "columns.pdf"))
    run("qpdf", "--encrypt", "secret", "owner", "256", "--", "columns.pdf", "locked.pdf")
    run(
        "qpdf",
        "--encrypt",
        "",
        "owner",
        "256",
        "--print=none",
        "--",
        "columns.pdf",
        "unprintable.pdf",
    )
    picture = Image.new("L", (300, 100), 255)
    ImageDraw.Draw(picture).text((20, 40), "The ferry sails again", fill=0)
    scan = FPDF()
    scan.add_page()
    scan.image(picture, w=100)
    scan.output(str(HERE / "pictures.pdf"))
    mail()
    for name in ("pandoc.docx", "story.html"):
        (HERE / name).unlink()
    (HERE / "out").rmdir()


def mail() -> None:
    message = EmailMessage()
    message["Subject"] = "Die Fähre fährt wieder – endlich"
    message["From"] = "Jörg Ütrecht <joerg@example.org>"
    message["To"] = "press@example.org"
    message["Date"] = "Mon, 14 Mar 2022 23:40:00 +0100"
    message.set_content(
        "Die Fähre von Hollins Reach fährt seit Samstag wieder. Die Reparatur\nkostete 2,3 Millionen Kronen.\n\n"
        "Am 12. März schrieb Ines Vardal:\n> Wann fährt sie wieder?\n\nDer Bürgermeister war an Bord.\n\n"
        "-- \nJörg Ütrecht\nHafenamt\n",
        cte="quoted-printable",
    )
    message.add_alternative("<p>Die <b>Fähre</b> fährt wieder.</p>", subtype="html")
    message.add_attachment(b"crowns,2300000", maintype="text", subtype="csv", filename="costs.csv")
    (HERE / "story.eml").write_bytes(bytes(message))


if __name__ == "__main__":
    main()
