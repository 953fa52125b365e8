"""Instrument from code, and say whose calls they are: the session, the work item, the agent.

    OPENAI_BASE_URL=… OPENAI_API_KEY=… python examples/label_calls.py
    otel-burn report --by work

Needs a collector (`otel-burn collector`); while there is none, the calls wait on disk.
"""

from openai import OpenAI

import otel_burn

otel_burn.instrument()


@otel_burn.agent("triage")
def triage(client: OpenAI, ticket: str) -> str:
    """Ask for a priority; every call made in here carries the agent's name."""
    answer = client.chat.completions.create(
        model="gpt-5-mini",
        messages=[
            {"role": "system", "content": "Answer with one word: low, normal or urgent."},
            {"role": "user", "content": ticket},
        ],
    )
    return answer.choices[0].message.content or ""


def main() -> None:
    """Triage two tickets, each a work item of its own, in one session."""
    tickets = {"T-1": "The export button does nothing.", "T-2": "Production is down."}
    with OpenAI() as client, otel_burn.session("morning-triage"):
        for ticket, text in tickets.items():
            with otel_burn.work(ticket):
                print(ticket, triage(client, text))


if __name__ == "__main__":
    main()
