"""What can go wrong with an index. Every message names the command that mends it.

SearchIndexError
├── IndexMissing        nothing has been built yet
├── IndexMismatch       built with another model or format than this program uses
└── IndexDamaged        a file of it is missing or unreadable
EncoderError            the model cannot be loaded
"""

BUILD_COMMAND = "tutor index build"


class SearchIndexError(Exception):
    """An index that cannot be used."""


class IndexMissing(SearchIndexError):
    def __init__(self, folder: object) -> None:
        super().__init__(f"There is no search index in {folder}. Build it with: {BUILD_COMMAND}")


class IndexMismatch(SearchIndexError):
    def __init__(self, folder: object, what: str, built: object, wanted: object) -> None:
        super().__init__(
            f"The search index in {folder} was built with {what} {built}, but {what} {wanted} is in use. "
            f"Build it again with: {BUILD_COMMAND}"
        )


class IndexDamaged(SearchIndexError):
    def __init__(self, folder: object, reason: str) -> None:
        super().__init__(f"The search index in {folder} is damaged ({reason}). Build it again with: {BUILD_COMMAND}")


class EncoderError(Exception):
    """The sentence-transformers model cannot be loaded or is not the one that it should be."""
