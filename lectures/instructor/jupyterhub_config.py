"""JupyterHub for one class on one machine: everyone who names themselves gets a folder with the course, and a kernel.

    pip install jupyterhub; npm install -g configurable-http-proxy
    jupyterhub --config lectures/instructor/jupyterhub_config.py

A demonstration on loopback. Anyone may log in under any name without a password, and all kernels run as the user who started
the hub: a student can read and write the folder of any other. Before a real class change, at the least,

    authenticator    JupyterHub.authenticator_class: the accounts of your institution (OAuthenticator), no allow_all
    isolation        JupyterHub.spawner_class: SystemdSpawner, DockerSpawner or KubeSpawner: a system user or container each
    limits           mem_limit and cpu_limit of that spawner; about 0.4 GB a student (see the guide)
    address          bind_url behind TLS, a disc that is backed up for COURSE_CLASS

Environment   COURSE_CLASS: where the students' folders are (default: class/ in the current folder)
"""

import os
import re
from pathlib import Path

from course_lib.workspace import Workspace

c = get_config()  # noqa: F821 - JupyterHub defines it

CLASS = Path(os.environ.get("COURSE_CLASS", "class")).absolute()
CLASS.mkdir(parents=True, exist_ok=True)


def hand_out(spawner):
    """Before a student's server starts: the lectures and exercises, never over a cell that the student has changed."""
    name = spawner.user.name
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,30}", name):
        raise ValueError(f"a name of 1 to 31 letters, digits, - and _ is needed, got {name!r}: it becomes a folder.")
    Workspace(CLASS / name).update()


c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.db_url = f"sqlite:///{CLASS / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(CLASS / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(CLASS / "proxy.pid")
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(CLASS / "{username}")
c.Spawner.pre_spawn_hook = hand_out
c.Spawner.default_url = "/lab/tree/lectures/00_start_here.ipynb"
c.Spawner.environment = {"OPENBLAS_NUM_THREADS": "1"}  # a class shares the cores
c.Spawner.args = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120
c.JupyterHub.concurrent_spawn_limit = 4  # more at a time only wait for each other; clients are asked to retry
