"""Many processes at the same time lose nothing, and none of them fails."""

import faults
from faults.rounds import in_own_process, needs_fork


@needs_fork
def test_eight_reviewers_and_a_trainer_at_once_lose_nothing(tmp_path):
    verdicts, trainings = faults.tries(50, 500), faults.tries(3, 25)
    told = in_own_process("at_once", tmp_path, verdicts, trainings)
    assert told.split() == [str(8 * verdicts), str(3 * trainings - 1)]
