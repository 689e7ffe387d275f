"""Draw docs/write.svg, the picture of the README, with the real program: ``python docs/picture.py``.

A model that came with rnnchat writes two takes on a few lines, while a small training runs beside it. Nothing of the
person's own is touched: everything happens in a folder that is thrown away.
"""

import asyncio
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ["RNNCHAT_HOME"] = tempfile.mkdtemp(prefix="rnnchat-picture-")

from rnnchat.plan.options import TrainingOptions
from rnnchat.runs.folder import read_status
from rnnchat.runs.job import start_training
from rnnchat.tui.app import RnnchatApp
from rnnchat.tui.settings import ScreenSettings

PROMPT = "PROSPERO:\nThe hour's now come;\nThe very minute bids thee ope thine ear.\nObey and be attentive."
PICTURE = Path(__file__).parent / "write.svg"
PATIENCE_S = 120


async def wait_until(is_met: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_met():
            await asyncio.sleep(0.1)


async def draw() -> None:
    settings, _ = ScreenSettings.load()
    settings.writing = settings.writing.change(temperature=0.7, length=240, until="line", seed=11)
    settings.save()
    run = start_training(TrainingOptions(corpus=("python",), name="mine", minutes=2.0, hidden_sizes=(256,)))
    try:
        app = RnnchatApp(model="shakespeare")
        async with app.run_test(size=(120, 34)) as pilot:
            await wait_until(lambda: app.slot.engine is not None)
            screen = app.screen
            screen.query_one("PromptBox").put(PROMPT)
            await pilot.press("enter")
            await wait_until(lambda: not screen.writer.is_writing)
            await pilot.press("ctrl+r")
            await wait_until(lambda: not screen.writer.is_writing)
            await wait_until(lambda: read_status(run).progress > 0.55)
            await pilot.pause(1.5)
            PICTURE.write_text(app.export_screenshot(title="rnnchat"), encoding="utf-8")
    finally:
        run.ask("stop")


if __name__ == "__main__":
    asyncio.run(draw())
