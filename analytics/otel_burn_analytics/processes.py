"""What did the processes of a run say they were and saw? Their notes, for what the ledger cannot know."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from otel_burn import process_note


@dataclass(frozen=True)
class Processes:
    """The processes of a run, together."""

    instrumented: int = 0
    untouched: tuple[str, ...] = ()
    """Programs in interpreters without otel-burn: the interpreter and the program's name."""
    taps: tuple[str, ...] = ()
    hosts: dict[str, int] = field(default_factory=dict)
    """Requests by `host:port`."""
    unfinished: tuple[str, ...] = ()
    """Programs that sent requests and never came to their own end: killed, left by `os._exit`, or still running."""
    unseen: tuple[str, ...] = ()
    """What may have called a model without a tap: connections to providers, and models in the process."""


def of_run(run_id: str) -> Processes:
    """What the processes of *run_id* left in the run's folder; nothing where it was made on another machine."""
    notes = list(process_note.of_run(run_id))
    ours = [note for note in notes if note.get("instrumented")]
    hosts: Counter[str] = Counter()
    for note in ours:
        hosts.update(note.get("hosts") or {})
    return Processes(
        instrumented=len(ours),
        untouched=tuple(sorted({_program(note) for note in notes if not note.get("instrumented")})),
        taps=tuple(sorted({tap for note in ours for tap in note.get("taps") or ()})),
        hosts=dict(hosts.most_common()),
        unseen=tuple(sorted({one for note in ours for one in note.get("unseen") or ()})),
        unfinished=tuple(
            sorted(_program(note) for note in ours if note.get("hosts") and note.get("ended") is False)
        ),
    )


def _program(note: dict[str, Any]) -> str:
    return " ".join(
        [str(note.get("executable") or "an unknown interpreter"), *map(str, note.get("argv") or ())]
    )
