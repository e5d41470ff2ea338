"""Why a file is no list of recipients."""

from engine.work.ports import RecipientsError


class RecipientsFileError(RecipientsError):
    """The file cannot be read as a list of recipients.

    ::

        RecipientsFileError
        ├── CannotOpenError        missing, a folder, not permitted
        ├── NotUtf8Error           another encoding
        ├── NotCsvError            no columns can be told apart
        ├── MissingColumnError     no column of that name
        └── DuplicateColumnError   a column of that name twice
    """

    sentence = "{}"

    def __init__(self, *about: object) -> None:
        super().__init__(self.sentence.format(*about))


class CannotOpenError(RecipientsFileError):
    sentence = "{} cannot be read: {}."


class NotUtf8Error(RecipientsFileError):
    sentence = "{}, line {}: not UTF-8. Save the file as CSV with the encoding UTF-8."


class NotCsvError(RecipientsFileError):
    sentence = "{}, line {}: not readable as CSV ({}). Correct the line and import again."


class MissingColumnError(RecipientsFileError):
    sentence = (
        "{} has no column {}; its columns are {}. Separate them by commas, semicolons or tabs."
    )


class DuplicateColumnError(RecipientsFileError):
    sentence = "{} has the column {} twice, as {} and {}. Rename or remove one of them."
