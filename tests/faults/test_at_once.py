"""Many processes at the same time lose nothing, and none of them fails."""

import faults
from faults.rounds import in_own_process, needs_fork


@needs_fork
def test_eight_reviewers_and_a_trainer_at_once_lose_nothing(tmp_path):
    verdicts, trainings = faults.tries(50, 500), faults.tries(3, 25)
    told = in_own_process("at_once", tmp_path, verdicts, trainings)
    kept, steps, again = map(int, told.split())
    assert (kept, steps) == (8 * verdicts, 3 * trainings - 1)
    assert again <= kept // 100  # a machine that is too busy makes some wait for more than half a minute
