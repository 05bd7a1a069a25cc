"""Serve the chat page: `python ui.py`."""

from __future__ import annotations

import os
import sys
from typing import Annotated, NoReturn

import typer

from assistant import AssistantError
from assistant.page import ServingError, accounts, check_private, names_of, serve
from index import ArticleIndexError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


Host = Annotated[
    str, typer.Option(help="The address to serve on; 0.0.0.0 lets others on the network in.")
]
Port = Annotated[int, typer.Option(help="The port to serve on.", min=1, max=65535)]
Model = Annotated[
    str | None,
    typer.Option(
        help="The model that answers: reader, gguf:PATH, ollama:NAME, openai:NAME …",
        metavar="NAME",
    ),
]
Auth = Annotated[
    str | None,
    typer.Option(
        help="Users with passwords: user:password, or a file with such lines.", metavar="AUTH"
    ),
]
NoAuth = Annotated[bool, typer.Option("--no-auth", help="Let everybody in who can reach the page.")]
Names = Annotated[
    list[str] | None, typer.Option(help="Another host name of the page; may be given again.")
]
AllowHosts = Annotated[
    list[str] | None,
    typer.Option(help="A host outside the public internet to add pages from; may be given again."),
]


@app.command()
def main(
    host: Host = "127.0.0.1",
    port: Port = 7860,
    model: Model = None,
    auth: Auth = None,
    no_auth: NoAuth = False,
    name: Names = None,
    allow_host: AllowHosts = None,
) -> None:
    """Serve the chat page.

    ARTICLE_INDEX, ARTICLE_EMBEDDER and ASSISTANT_MODEL name the index and the models.
    """
    # Gradio and its client read these on import. No telemetry is sent.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    try:
        users = accounts(auth) if auth else None
        if not (users or no_auth):
            check_private(host)
        serve(
            host,
            port,
            say=typer.echo,
            model=model,
            users=users,
            names=names_of(host, name or []),
            allow_hosts=allow_host or (),
        )
    except (ServingError, AssistantError, ArticleIndexError) as error:
        _exit(str(error))
    _exit()


def _exit(reason: str = "") -> NoReturn:
    if reason:
        typer.echo(reason, err=True)
    # A plain sys.exit would wait for the threads of Gradio's server.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1 if reason else 0)


if __name__ == "__main__":
    app()
