"""Pytest for the whole course: nbval behaves like JupyterLab, and the run says how many notebook cells it compared.

nbval 0.11.0 does not know ipywidgets' Output protocol and runs cells without history; the two patches below mend that.
They touch nbval's internals, so its version is pinned in pyproject.toml. They must stand in the root's conftest.py, so that
`pytest lectures/02_exact_risk.ipynb` loads them too.
"""

import nbval.kernel
import nbval.plugin
from hypothesis import settings

settings.register_profile("course", deadline=None)          # the first call of a compiled kernel takes a second
settings.load_profile("course")

_original_get_message = nbval.kernel.RunningKernel.get_message


def _execute_cell_input(self, cell_input, allow_stdin=None):
    return self.kc.execute(cell_input, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)


def _is_captured(message: dict, hooks: dict) -> bool:
    """True for output that an ipywidgets Output widget has claimed; it is shown by the widget, not by the cell."""
    captured = message["msg_type"] in ("stream", "display_data", "execute_result", "error", "clear_output")
    parent = message["parent_header"].get("msg_id")
    return captured and any(claimed and claimed == parent for claimed in hooks.values())


def _note_output_widget(message: dict, hooks: dict) -> None:
    """Remember which message an Output widget (comm id) currently captures."""
    content = message["content"]
    state = content.get("data", {}).get("state", {})
    if message["msg_type"] == "comm_open" and state.get("_model_name") == "OutputModel":
        hooks[content["comm_id"]] = state.get("msg_id", "")
    elif message["msg_type"] == "comm_msg" and content["comm_id"] in hooks and "msg_id" in state:
        hooks[content["comm_id"]] = state["msg_id"]


def _get_message(self, stream, timeout=None):
    hooks = self.__dict__.setdefault("_output_widgets", {})
    while True:
        message = _original_get_message(self, stream, timeout)
        if stream != "iopub":
            return message
        _note_output_widget(message, hooks)
        if message["msg_type"] == "error" or not _is_captured(message, hooks):
            return message


nbval.kernel.RunningKernel.execute_cell_input = _execute_cell_input
nbval.kernel.RunningKernel.get_message = _get_message


def pytest_terminal_summary(terminalreporter):
    """Say how many notebook cells nbval ran and compared with their stored outputs."""
    cells = [r for r in terminalreporter.stats.get("passed", []) if r.when == "call" and ".ipynb::" in r.nodeid]
    if cells:
        notebooks = len({report.nodeid.split("::")[0] for report in cells})
        terminalreporter.write_line(f"{len(cells)} notebook cells compared with their stored outputs, {notebooks} notebooks.")
