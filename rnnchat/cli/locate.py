"""``rnnchat locate``: where everything is."""

from typing import Annotated

import typer

from rnnchat import paths
from rnnchat.cli.output import print_fields, print_json


def locate(
    is_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show where files are stored. RNNCHAT_HOME moves all of them to one folder."""
    places = {
        "data": paths.data_dir(),
        "models": paths.models_dir(),
        "runs": paths.runs_dir(),
        "corpora": paths.corpora_dir(),
        "database": paths.database_path(),
        "settings": paths.settings_path(),
        "shipped models": paths.shipped_models_dir(),
    }
    if is_json:
        print_json({name.replace(" ", "_"): str(path) for name, path in places.items()})
    else:
        print_fields((name, str(path)) for name, path in places.items())
