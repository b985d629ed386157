"""What a failure of the database means to an operator: one sentence, what mends it, and never a password."""

import socket
from collections.abc import Mapping

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_URL = "url under [database]"
_USER = f"Correct user and password in {_URL}, or let pg_hba.conf of the server admit that user from here."

_BY_STATE: Mapping[str, str] = {
    "28P01": _USER,
    "28000": _USER,
    "3D000": f"Make it with createdb, or correct the name in {_URL}.",
    "42501": "Let this user make tables: GRANT CREATE ON SCHEMA public TO the user, or make the user its owner.",
    "42P07": f"Name a database in {_URL} that nothing else uses.",
    "53300": "Close other programs, or raise max_connections of the server.",
    "57P03": "Try again in a minute.",
    "55P03": "Wait until other programs have ended their work on it, then try again.",
}
"""What mends an error of PostgreSQL, by its SQLSTATE."""

_BY_TEXT: Mapping[str, str] = {
    "file is not a database": f"Name another file in {_URL}.",
    "database disk image is malformed": "Move the file away and bring a backup back with: tutor db restore FILE",
    "database is locked": "Wait until other programs have ended their work on it, then try again.",
    "readonly database": "Let the tutor write to the file and to its folder.",
    "unable to open": f"Check the path in {_URL} and its permissions.",
    "disk is full": "Free some space.",
    "already exists": f"Name a database in {_URL} that nothing else uses.",
}
"""What mends an error of SQLite, by a part of its text."""


def show_url(url: URL) -> str:
    """The URL for a message or a log, without its password."""
    if "password" in url.query:
        url = url.update_query_dict({"password": "hidden"})
    return url.render_as_string(hide_password=True)


def explain(error: BaseException, url: URL) -> str:
    """What is wrong with the database at `url`, and what mends it, on one line."""
    what, mend = _what_and_mend(error, url)
    return f"The database {show_url(url)} cannot be used: {what}. {mend}".strip()


def explain_options(error: BaseException, url: URL) -> str:
    """What is wrong with the part of the URL behind the question mark."""
    return (
        f"The database {show_url(url)} cannot be used: an option of its URL is wrong ({_first_line(error)}). "
        f"Correct the part behind the ? in {_URL}; sslmode=require is written ssl=require there."
    )


def _what_and_mend(error: BaseException, url: URL) -> tuple[str, str]:
    match error:
        case PoolTimeout():
            return "every connection is in use", "Try again in a minute."
        case DBAPIError():
            return _of_driver(error)
        case OSError() if url.get_backend_name() == "postgresql":  # TimeoutError is one, too
            return _of_network(error, url)
        case _:
            return _first_line(error), ""


def _of_network(error: OSError, url: URL) -> tuple[str, str]:
    if isinstance(error, socket.gaierror):
        return f"the host {url.host} is unknown", f"Correct it in {_URL}."
    where = url.query.get("host") or f"{url.host or 'localhost'}:{url.port or 5432}"
    return f"nothing answers at {where}", f"Start PostgreSQL there, or correct host and port in {_URL}."


def _of_driver(error: DBAPIError) -> tuple[str, str]:
    what = _first_line(error.orig or error)
    state = getattr(error.orig, "sqlstate", None)
    if isinstance(state, str):
        return what, _BY_STATE.get(state, "")
    return what, next((mend for part, mend in _BY_TEXT.items() if part in what), "")


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0].rstrip(".") if text else type(error).__name__
