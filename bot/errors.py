"""What can go wrong, and who reads it.

MemberError      a member's mistake or limit; the text is shown to that member as it is
OperatorError    set-up is wrong; the text is printed and the program ends with `exit_code`
├── ConfigError       2   the configuration cannot be used
├── TokenError        3   no token, or Discord refuses it
├── IntentsError      4   the application lacks an intent that the configuration asks for
├── SearchUnavailable 5   no index that fits
├── ConnectionFailed  6   Discord cannot be reached
├── DatabaseError     7   the database cannot be opened or upgraded
└── ArchiveError      8   a backup cannot be written or restored
"""


class MemberError(Exception):
    """One plain sentence with a way forward."""


class OperatorError(Exception):
    """What failed, where, and what mends it."""

    exit_code = 1


class ConfigError(OperatorError):
    exit_code = 2


class TokenError(OperatorError):
    exit_code = 3


class IntentsError(OperatorError):
    exit_code = 4


class SearchUnavailable(OperatorError):
    exit_code = 5


class ConnectionFailed(OperatorError):
    exit_code = 6


class DatabaseError(OperatorError):
    exit_code = 7


class ArchiveError(OperatorError):
    exit_code = 8
