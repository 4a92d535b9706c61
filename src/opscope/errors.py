"""What can go wrong, as types.

OpscopeError            anything opscope refuses, with a sentence that says what to do
├── InputError          what was given to predict or explain is not text
├── DataError           a table or a labelled set has problems, all of them listed
├── GuideError          the guide's file breaks one of its own rules
├── ModelError          a model folder is missing, incomplete or altered
├── ReviewError         the database of reviews cannot be used
├── SettingsError       the settings' file or a variable of the environment holds what is not allowed
└── NotAllowed          somebody's role does not allow what was asked for
"""


class OpscopeError(Exception):
    """Base of every error that opscope raises on purpose."""


class InputError(OpscopeError, TypeError):
    """What was given is not a text or a list of texts."""


class DataError(OpscopeError, ValueError):
    """A table cannot be read, or labelled rows are wrong; lists every problem at once."""


class GuideError(OpscopeError, ValueError):
    """The guide's file is inconsistent."""


class ModelError(OpscopeError, ValueError):
    """A model folder cannot be used."""


class ReviewError(OpscopeError, ValueError):
    """The database of reviews is locked, missing, newer than this opscope, or no such database."""


class SettingsError(OpscopeError, ValueError):
    """The settings cannot be used; lists every problem at once."""


class NotAllowed(OpscopeError):
    """Nobody is signed in, or the role of who is does not allow this."""


class VersionWarning(UserWarning):
    """A model is used with other versions of libraries than it was trained with."""
