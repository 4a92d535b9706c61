"""Fuzzes every reader, guided by what code an input reaches: ``python tests/faults/fuzzing.py --minutes 60 [--target NAME]``.

Needs atheris (``make fuzz`` has it in an environment of its own). What breaks a reader is made smaller and kept in
``tests/cases/fuzz/TARGET``, where test_fuzzing.py tries it again in every run.
"""

import argparse
import contextlib
import hashlib
import json
import random
import re
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))
KEPT = TESTS / "cases" / "fuzz"
_ROUND = 60  # seconds a target has in one go: what one of them mends shows in the next
_SLOWEST = 25  # seconds after which a try counts as hanging
_MOST_MEMORY = 3_000  # megabytes that the process may take
_LONGEST = 200_000  # bytes of an input: the guide alone has 72,000


@dataclass
class Campaign:
    """What came of fuzzing one target."""

    tries: int = 0
    edges: int = 0
    findings: list[str] = field(default_factory=list)


def main() -> None:
    """Runs the campaign, or with ``--child`` a part of it in a process that has the code as it is then."""
    options = _options()
    if options.child:
        {"fuzz": _fuzz, "keep": _keep_all, "lines": _tell_lines}[options.child](options)
        return
    from faults.fuzz_targets import TARGETS

    names = options.target or list(TARGETS)
    campaigns = {name: Campaign() for name in names}
    for name in names:
        (options.work / name).mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate([*TARGETS[name].seeds(), *_kept(name)]):
            (options.work / name / f"seed-{number}").write_bytes(seed)
    until = time.monotonic() + 60 * options.minutes
    while (left := until - time.monotonic()) > 1:
        for name in names:
            options.seconds = max(1, int(min(_ROUND, left / len(names))))
            _one_round(name, options, campaigns[name])
            _tell(name, campaigns[name])
    for name, campaign in campaigns.items():
        _tell(f"{name}, in all", campaign)
    sys.stdout.write(_in_child("lines", names, options).stdout)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--target", action="append", help="one of the targets of fuzz_targets.py; all without it")
    parser.add_argument("--work", type=Path, default=TESTS.parent / "build" / "fuzz", help="where inputs are gathered")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=int, default=_ROUND, help=argparse.SUPPRESS)
    return parser.parse_args()


def _kept(name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((KEPT / name).glob("*"))]


def _one_round(name: str, options: argparse.Namespace, campaign: Campaign) -> None:
    done = _in_child("fuzz", [name], options)
    executed = re.findall(r"stat::number_of_executed_units: (\d+)", done.stderr) or re.findall(r"^#(\d+)", done.stderr, re.M)
    campaign.tries += int(executed[-1]) if executed else 0
    campaign.edges = max([campaign.edges, *map(int, re.findall(r" cov: (\d+)", done.stderr))])
    found = _in_child("keep", [name], options).stdout.splitlines()
    campaign.findings += [finding for finding in found if finding not in campaign.findings]
    if done.returncode and not found:
        sys.stdout.write(f"A round of {name} ended by itself:\n{done.stderr[-3000:]}\n")


def _in_child(part: str, names: list[str], options: argparse.Namespace) -> subprocess.CompletedProcess:
    command = [sys.executable, __file__, "--child", part, "--work", str(options.work), "--seconds", str(options.seconds)]
    targets = [argument for name in names for argument in ("--target", name)]
    return subprocess.run([*command, *targets], capture_output=True, text=True, errors="replace")


def _keep_all(options: argparse.Namespace) -> None:
    """Keeps what the last round found."""
    (name,) = options.target
    for path in sorted((options.work / "found").glob(f"{name}.*")):
        kept = _keep(name, path.read_bytes(), signature=path.suffix[1:])
        sys.stdout.write(f"{path.suffix[1:]} -> {kept.relative_to(TESTS)}\n")
        path.unlink()


def _keep(name: str, content: bytes, signature: str) -> Path:
    """Writes the input, made smaller where it is safe to try it here, into the folder of kept cases."""
    from faults.fuzz_inputs import minimised
    from faults.fuzz_targets import TARGETS

    if not signature.startswith(("timeout", "oom", "crash")):
        head = content[:2] if TARGETS[name].parts == "copied" else b""  # it says of which kind the rest is
        content = head + minimised(content[len(head) :], lambda tried: _signature_of(TARGETS[name], head + tried) == signature)
    path = KEPT / name / f"{signature}-{hashlib.sha256(content).hexdigest()[:8]}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _signature_of(target, content: bytes) -> str:
    """What tells one fault from another: the exception and the function of opscope it came out of; empty for no fault."""
    from faults.fuzz_targets import refused

    try:
        refused(target, content)
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if "/opscope/" in frame.filename or "fuzz_targets" in frame.filename][-1]
        return f"{type(error).__name__}-{Path(own.filename).stem}-{own.name}".replace("<", "").replace(">", "")
    return ""


def _fuzz(options: argparse.Namespace) -> None:
    """One round in this process, which atheris ends."""
    import atheris

    (name,) = options.target

    readers = ["opscope", "openpyxl", "tomllib", "json", "zipfile"]
    with atheris.instrument_imports(include=readers, enable_loader_override=False):
        from faults.fuzz_inputs import changed, mutated
        from faults.fuzz_targets import TARGETS
    target, found = TARGETS[name], options.work / "found"
    found.mkdir(parents=True, exist_ok=True)

    def try_one(content: bytes) -> None:
        if signature := _signature_of(target, content):
            path = found / f"{name}.{signature}"
            if not path.exists() or path.stat().st_size > len(content):
                path.write_bytes(content)

    def mutate(content: bytes, most: int, seed: int) -> bytes:
        def one_part(part: bytes, rng: random.Random) -> bytes:
            return changed(part, rng) if rng.random() < 0.5 else atheris.Mutate(part, max(1, 2 * len(part) + 64))

        return mutated(target.parts, content, random.Random(seed), one_part)[:most]

    arguments = [
        sys.argv[0], f"-max_total_time={options.seconds}", f"-timeout={_SLOWEST}", f"-rss_limit_mb={_MOST_MEMORY}",
        f"-max_len={_LONGEST}", f"-artifact_prefix={found / name}.", "-print_final_stats=1", "-detect_leaks=0", "-len_control=0",
        str(options.work / name),
    ]  # fmt: skip
    atheris.Setup(arguments, try_one, custom_mutator=mutate)
    atheris.Fuzz()


def _tell(name: str, campaign: Campaign) -> None:
    found = "".join(f"\n  {finding}" for finding in campaign.findings)
    sys.stdout.write(f"{name}: {campaign.tries:,} tries, {campaign.edges:,} edges, {len(campaign.findings)} findings{found}\n")
    sys.stdout.flush()


def _tell_lines(options: argparse.Namespace) -> None:
    """Tells for each module of the readers how many of its lines the gathered inputs reach."""
    from faults.fuzz_targets import TARGETS, refused

    reached: dict[str, set[int]] = {}

    def trace(frame, event, _):
        if "/opscope/" not in frame.f_code.co_filename:
            return None
        if event == "line":
            reached.setdefault(frame.f_code.co_filename, set()).add(frame.f_lineno)
        return trace

    for name in options.target:
        for path in sorted((options.work / name).iterdir())[:3000]:
            sys.settrace(trace)
            with contextlib.suppress(Exception):
                refused(TARGETS[name], path.read_bytes())
            sys.settrace(None)
    told = {Path(name).name: f"{len(lines)} of {len(lines | _lines_in(Path(name)))}" for name, lines in sorted(reached.items())}
    sys.stdout.write(json.dumps({"lines of functions reached": told}, indent=1) + "\n")


def _lines_in(path: Path) -> set[int]:
    """The lines of all functions of a module, without those that define them."""
    pending, lines = [compile(path.read_text(encoding="utf-8"), str(path), "exec")], set()
    while pending:
        code = pending.pop()
        inner = [constant for constant in code.co_consts if hasattr(constant, "co_code")]
        pending += inner
        if code.co_name != "<module>" and code.co_flags & 2:  # 2: it has local variables, so it is a function and no class
            lines |= {line for *_, line in code.co_lines() if line and line != code.co_firstlineno}
    return lines


if __name__ == "__main__":
    main()
