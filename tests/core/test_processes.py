"""Processes that work beside a command."""

import subprocess
import sys
import textwrap

import psutil
import pytest

_COMMAND = """
    import sys
    from glam_core.processes import process_pool

    if __name__ == "__main__":
        pool = process_pool(2)
        list(pool.map(abs, range(2)))
        print("at work", flush=True)
        sys.stdin.read()
"""


@pytest.mark.slow
@pytest.mark.parametrize("end", [psutil.Process.kill, psutil.Process.terminate])
def test_processes_end_with_a_command_that_is_ended_from_outside(end, tmp_path) -> None:
    script = tmp_path / "command.py"
    script.write_text(textwrap.dedent(_COMMAND), encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as command:
        assert command.stdout is not None
        assert command.stdout.readline() == b"at work\n"
        begun = psutil.Process(command.pid).children(recursive=True)
        assert begun
        end(psutil.Process(command.pid))
        _, left = psutil.wait_procs(begun, timeout=20)
        for process in left:
            process.kill()
        assert not left
