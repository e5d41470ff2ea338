"""How every process writes its log: one line per occurrence, times in UTC.

Tracebacks contain no values of variables, since these would bring addresses and passwords into the
log.
"""

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import Processor

from adapters.settings.model import EngineSettings, LogFormat


def configure_logs(settings: EngineSettings, stream: TextIO | None = None) -> None:
    """Log to ``stream``, by default standard output, as ``log_format`` and ``log_level`` say.

    Libraries' messages have the same form, from warnings on.
    """
    stream = stream or sys.stdout
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    rendering = _rendering(settings.log_format, colors=stream.isatty())
    structlog.configure(
        processors=[*_COMMON, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    _take_in_libraries(stream, max(level, logging.WARNING), rendering)


def logs_to_standard_error() -> None:
    """Log to standard error, for a command whose standard output is its answer and nothing else."""
    structlog.configure(
        processors=[*_COMMON, *_rendering(LogFormat.TEXT, colors=False)],
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


WHO_REPEAT = ("apscheduler", "psycopg.pool")
"""Libraries that warn again and again of a lost server, which the worker reports once."""

_COMMON: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def _rendering(log_format: LogFormat, *, colors: bool) -> list[Processor]:
    match log_format:
        case LogFormat.JSON:
            return [
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
            ]
        case LogFormat.TEXT:
            plain = structlog.dev.plain_traceback
            return [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)]


def _take_in_libraries(stream: TextIO, level: int, rendering: list[Processor]) -> None:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *_COMMON],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in WHO_REPEAT:
        logging.getLogger(name).setLevel(max(level, logging.ERROR))
