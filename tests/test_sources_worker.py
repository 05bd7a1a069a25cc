from __future__ import annotations

import io
import multiprocessing
import os
import signal
import struct
import threading
import time
import zipfile
from pathlib import Path

import docx
import pytest
from crash_rounds import HashEmbedder

from assistant.page.jobs import Jobs
from index import Article, ArticleIndex, SourceError, read_file
from index.sources.isolation import process, reading
from index.sources.isolation.messages import LARGEST_MESSAGE, pack, receive, send, unpack
from index.sources.isolation.worker import LARGEST_MEMORY, PROCESSOR_SECONDS

HERE = Path(__file__).parent
STORY = HERE / "documents" / "story.docx"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="book.opf"/></rootfiles></container>'
)


def word(path: Path, body: str) -> Path:
    """Write a Word file with a body of its own."""
    with (
        zipfile.ZipFile(STORY) as story,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as changed,
    ):
        for part in story.namelist():
            document = f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
            is_body = part == "word/document.xml"
            changed.writestr(part, document if is_body else story.read(part))
    return path


def book(path: Path, spine: int = 1, container: str = CONTAINER, chapter: str = "") -> Path:
    """Write a book whose spine names one chapter many times."""
    named = '<itemref idref="a"/>' * spine
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="a" href="a.html"/>'
        f"</manifest><spine>{named}</spine></package>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("book.opf", package)
        archive.writestr("a.html", chapter or "<p>" + "It sails. " * 5_000 + "</p>")
    return path


def pdf(path: Path, lines: int, pages: int = 1) -> Path:
    """Write a PDF file whose pages share one content of many lines."""
    text = "BT /F1 1 Tf " + "".join(
        f"1 0 0 1 {n % 97} {n % 89} Tm (Line {n} of it) Tj " for n in range(lines)
    )
    font = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    page = "/Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]/Contents 4 0 R"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{'3 0 R ' * pages}]/Count {pages}>>",
        f"<<{page}/Resources<</Font<</F1{font}>>>>>>",
        f"<</Length {len(text) + 2}>>stream\n{text}ET\nendstream",
    ]
    file, places = "%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(f"{len(file):010} 00000 n \n")
        file += f"{number} 0 obj\n{body}\nendobj\n"
    table = f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n{''.join(places)}"
    trailer = f"trailer\n<</Root 1 0 R/Size {len(places) + 1}>>\nstartxref\n{len(file)}\n%%EOF\n"
    path.write_text(file + table + trailer)
    return path


def endless(path: Path) -> Path:
    """Write a file that takes longer to read than it may."""
    return pdf(path, lines=10_000, pages=100)


def hungry(path: Path) -> Path:
    """Write a book whose chapter takes more memory than it may."""
    return book(path, chapter="<p>" + "<a b=c>" * 3_000_000)


def raw(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


HOSTILE = {
    "span.docx": lambda path: word(
        path,
        '<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2000000000"/></w:tcPr>'
        "<w:p><w:r><w:t>It sails.</w:t></w:r></w:p></w:tc></w:tr></w:tbl>",
    ),
    "before.docx": lambda path: word(
        path,
        f'<w:tbl><w:tr><w:trPr><w:gridBefore w:val="{"9" * 5_000}"/></w:trPr>'
        "<w:tc><w:p><w:r><w:t>It sails.</w:t></w:r></w:p></w:tc></w:tr></w:tbl>",
    ),
    "paragraphs.docx": lambda path: word(path, "<w:p/>" * 31_000_000),
    "container.epub": lambda path: book(path, container="<container>" + "<a/>" * 45_000_000),
    "spine.epub": lambda path: book(path, spine=10_000),
    "parameters.eml": lambda path: raw(
        path, f"Subject: s\nContent-Type: text/plain{'; a*1*=b' * 30_000}\n\nIt sails.\n"
    ),
    "words.eml": lambda path: raw(path, f"Subject: {'=?utf-8?q?a?= ' * 100_000}\n\nIt sails.\n"),
    "attributes.html": lambda path: raw(
        path,
        f"<html><body><p {' '.join(f'a{n}=1' for n in range(100_000))}>It sails.</p></body></html>",
    ),
    "hungry.epub": hungry,
    "page.pdf": lambda path: pdf(path, lines=100_000),
    "endless.pdf": endless,
}


MEASURE = """
import resource, sys
from index import SourceError, read_file
from index.sources.isolation import reading
try:
    outcome = f"read {len(read_file(sys.argv[1]).text)}"
except SourceError as error:
    outcome = f"refused {error}"
reading._processes.end_all()
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss, outcome)
"""


@pytest.fixture(autouse=True)
def _no_process():
    """Each test starts without a reading process."""
    reading._processes.end_all()


def idle() -> list[int]:
    """Return the ids of the idle reading processes."""
    return [one._process.pid for one in reading._processes._idle]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_ends_within_its_limits(tmp_path, run, name):
    """It is read or refused in one line, in seconds of processor time and with little memory."""
    done = run("-c", MEASURE, str(HOSTILE[name](tmp_path / name)))
    seconds, kilobytes, outcome = done.stdout.split(maxsplit=2)
    assert float(seconds) < PROCESSOR_SECONDS + 2
    assert int(kilobytes) * 1_024 < LARGEST_MEMORY
    assert outcome.count("\n") == 1
    is_short = outcome.startswith("read ") and int(outcome.split()[1]) < 100_000
    assert is_short or "; " in outcome


@pytest.mark.parametrize(
    ("write", "reason"),
    [(endless, "takes too long to read; split it"), (hungry, "needs too much memory to read; ")],
)
def test_a_file_beyond_a_limit_is_one_line_between_good_ones(tmp_path, write, reason):
    """A new process reads the next file."""
    good = [raw(tmp_path / f"{n}.txt", f"Bridge {n} is red.") for n in "ab"]
    bad = write(tmp_path / ("bad.pdf" if write is endless else "bad.epub"))
    with ArticleIndex.open(tmp_path / "index", HashEmbedder()) as index:
        report = index.add(good[0], bad, good[1])
    assert len(report.added) == 2
    assert [source for source, _ in report.failed] == [str(bad)]
    assert reason in report.failed[0][1]


def test_cancelling_ends_the_reading_of_a_file(tmp_path):
    """The add is over in two seconds, and what was read before stays."""
    good, bad = raw(tmp_path / "a.txt", "It sails."), endless(tmp_path / "bad.pdf")
    stop, reports = threading.Event(), []
    with ArticleIndex.open(tmp_path / "index", HashEmbedder()) as index:
        adding = threading.Thread(target=lambda: reports.append(index.add(good, bad, stop=stop)))
        adding.start()
        time.sleep(3)
        stop.set()
        adding.join(2)
        assert not adding.is_alive()
    assert reports[0].failed == ()
    assert idle() == []


def test_stopping_ends_the_reading_of_one_file(tmp_path):
    """`read_file` raises within two seconds."""
    stop = threading.Event()
    threading.Timer(1, stop.set).start()
    begun = time.monotonic()
    with pytest.raises(SourceError, match="was stopped; "):
        read_file(endless(tmp_path / "bad.pdf"), stop=stop)
    assert time.monotonic() - begun < 5


def test_a_clock_ends_a_file_where_processor_time_has_no_limit(tmp_path, monkeypatch):
    """As on Windows."""
    monkeypatch.setattr(process, "LONGEST_WAIT", 2.0)
    with pytest.raises(SourceError, match="takes too long to read; "):
        read_file(endless(tmp_path / "bad.pdf"))
    assert idle() == []


def test_one_process_reads_many_files(tmp_path):
    """It stays for the next file, and gives what reading without it gives."""
    pids = set()
    for n in range(5):
        assert read_file(raw(tmp_path / f"{n}.txt", f"Bridge {n}.")).text == f"Bridge {n}."
        pids.update(idle())
    assert len(pids) == 1


def test_an_idle_process_ends(tmp_path, monkeypatch):
    """Its memory is given back."""
    monkeypatch.setattr(process, "IDLE_SECONDS", 0.2)
    read_file(raw(tmp_path / "a.txt", "It sails."))
    end = time.monotonic() + 20
    while idle():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_killed_process_is_replaced(tmp_path):
    """Whoever ended it while it was idle, the next file is read."""
    path = raw(tmp_path / "a.txt", "It sails.")
    read_file(path)
    (pid,) = idle()
    os.kill(pid, signal.SIGTERM)
    time.sleep(0.5)
    assert read_file(path).text == "It sails."
    assert idle() != [pid]


def test_a_forked_program_has_processes_of_its_own(tmp_path):
    """Two programs never share the pipes of one."""
    path = raw(tmp_path / "a.txt", "It sails.")
    read_file(path)
    before = idle()
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(
        target=lambda: theirs.send((idle(), read_file(path).text, idle()))
    )
    child.start()
    assert ours.poll(60)
    inherited, text, own = ours.recv()
    child.join(60)
    assert (inherited, text) == ([], "It sails.")
    assert own != before
    assert read_file(path).text == "It sails."
    assert idle() == before


def test_a_module_in_the_working_folder_is_not_run(tmp_path, run):
    """A folder of articles may hold a file of any name."""
    raw(tmp_path / "json.py", "raise SystemExit('taken over')")
    path = raw(tmp_path / "a.txt", "It sails.")
    code = f"import os; from index import read_file; os.chdir({str(tmp_path)!r}); "
    done = run("-c", code + f"print(read_file({str(path)!r}).text)")
    assert done.stdout == "It sails.\n", done.stderr


def finished(job, seconds: float) -> bool:
    """Wait for a job of the page."""
    end = time.monotonic() + seconds
    while job.state in {"waiting", "working"} and time.monotonic() < end:
        time.sleep(0.05)
    return job.state in {"done", "cancelled"}


def test_hostile_uploads_let_others_add_and_can_be_cancelled(tmp_path):
    """The page works on two jobs at a time; a third is done once one of them is cancelled."""
    bad = [endless(tmp_path / f"{n}.pdf") for n in "ab"]
    good = raw(tmp_path / "good.txt", "It sails.")
    with ArticleIndex.open(tmp_path / "index", HashEmbedder()) as index:
        jobs = Jobs(lambda: index)
        hostile = [jobs.add_files([path], lambda: None) for path in bad]
        time.sleep(1)
        third = jobs.add_files([good], lambda: None)
        jobs.cancel(hostile[0].number)
        assert finished(hostile[0], 2)
        assert hostile[0].state == "cancelled"
        assert finished(third, 10)
        assert "added: " in third.lines[0]
        assert finished(hostile[1], 40)
        assert hostile[1].has_failed
        assert "takes too long to read" in hostile[1].lines[0]


def test_merged_cells_stand_in_each_row(tmp_path):
    """A cell merged over 1,000 rows is read in seconds, with the rows that it spans."""
    document = docx.Document()
    table = document.add_table(rows=3, cols=2)
    table.cell(0, 0).merge(table.cell(2, 0)).text = "Gulls"
    for row in range(3):
        table.cell(row, 1).text = str(row)
    document.save(tmp_path / "merged.docx")
    assert read_file(tmp_path / "merged.docx").text == "Gulls | 0\n\nGulls | 1\n\nGulls | 2"
    cell = "<w:tc>{}<w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc>"
    merge = '<w:tcPr><w:vMerge w:val="{}"/></w:tcPr>'
    rows = [
        cell.format(merge.format("continue" if n else "restart"), "" if n else "Terns")
        + cell.format("", n)
        for n in range(1_000)
    ]
    body = "".join(f"<w:tr>{row}</w:tr>" for row in rows)
    text = read_file(word(tmp_path / "many.docx", f"<w:tbl>{body}</w:tbl>")).text
    assert text.split("\n\n") == [f"Terns | {n}" for n in range(1_000)]


def test_cells_of_an_irregular_grid_are_read(tmp_path):
    """Equal and empty cells keep their places."""
    cell = "<w:tc>{}<w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc>"
    span = '<w:tcPr><w:gridSpan w:val="{}"/></w:tcPr>'
    rows = [
        cell.format(span.format(5), "Birds"),
        cell.format("", "Gulls") + cell.format("", "5") + cell.format("", "5"),
        cell.format("", "Crabs") + cell.format(span.format("x"), "") + cell.format("", "7"),
    ]
    body = "".join(f"<w:tr>{row}</w:tr>" for row in rows)
    text = read_file(word(tmp_path / "a.docx", f"<w:tbl>{body}</w:tbl>")).text
    assert text == "Birds\n\nGulls | 5 | 5\n\nCrabs | | 7"


def test_a_message_gives_what_was_packed():
    """An article comes through whole, broken characters included; so does a list."""
    for content in (
        Article.from_text("It rained.\ud800\n2021-05-03", "rain"),
        ["https://a.b/c"],
        [],
    ):
        stream = io.BytesIO()
        send(stream, *pack(content))
        stream.seek(0)
        assert unpack(receive(stream)) == content


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"kind": "pickle"},
        {"kind": "article"},
        {"kind": "article", "title": 5, "source": "a"},
        {"kind": "article", "title": "a", "source": None},
        {"kind": "article", "title": "a", "source": "a", "author": ["a"]},
        {"kind": "article", "title": "a", "source": "a", "published": "soon"},
    ],
    ids=range(7),
)
def test_a_reply_of_another_shape_is_refused(fields):
    """A process that a file took over can send nothing but an article or a list."""
    with pytest.raises(ValueError, match=r"message|isoformat"):
        unpack((fields, b"It rained."))


@pytest.mark.parametrize("data", [struct.pack(">II", 2, LARGEST_MESSAGE), b"\0\0\0\x02\0\0\0\0[]"])
def test_a_message_too_long_or_no_object_is_refused(data):
    """It is not read into memory."""
    with pytest.raises(ValueError, match="the message is"):
        receive(io.BytesIO(data))


@pytest.mark.parametrize("reply", ["pass", "print('x' * 100)", "os._exit(3)"])
def test_a_process_that_replies_nonsense_is_a_failure_of_its_file(tmp_path, monkeypatch, reply):
    """The reason says that the reader has crashed."""
    program = raw(tmp_path / "worker.py", f"import os, sys\nsys.stdin.buffer.read(30)\n{reply}\n")
    start = process.subprocess.Popen
    monkeypatch.setattr(
        process.subprocess, "Popen", lambda command, **more: start([command[0], program], **more)
    )
    with pytest.raises(SourceError, match="has crashed on it; "):
        read_file(raw(tmp_path / "a.txt", "It sails."))
    assert idle() == []
