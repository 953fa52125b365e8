"""How is a program of one's own led to the scripted providers? `python -m otel_burn.demo.serve COMMAND …`."""

import os
import subprocess
import sys

from otel_burn.demo.provider import ScriptedProvider


def main(command: list[str]) -> int:
    """Run *command* with the SDKs' variables pointing at the providers, and say at its end what they served."""
    if not command:
        sys.stderr.write(
            "which program? python -m otel_burn.demo.serve otel-burn run -- python my_agent.py\n"
        )
        return 2
    with ScriptedProvider() as provider:
        try:
            status = subprocess.run(
                command, env={**os.environ, **provider.environment}, check=False
            ).returncode
        except OSError as error:
            sys.stderr.write(f"{command[0]} can't be run: {error.strerror}\n")
            return 127
        used = [row["tokens"] for row in provider.served if row["status"] == 200]
    read, written = (sum(tokens[part] for tokens in used) for part in ("input", "output"))
    sys.stderr.write(
        f"the scripted providers served {len(used)} answers: {read:,} tokens in, {written:,} out\n"
    )
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
