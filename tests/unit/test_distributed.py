"""best_of on a real Dask cluster: the bits of a serial run, and what is finished survives a lost cluster."""

import numpy as np
import pytest

from course_lib import ExactRisk, PiecewisePolynomial, ReLUNetwork, best_of

distributed = pytest.importorskip("distributed")

NET = ReLUNetwork(1, 2, 1)
L = ExactRisk(NET, PiecewisePolynomial.polynomial([0, 0, 1], 0, 1))
STARTS = NET.random(np.random.default_rng(0), 200)                     # four chunks, the last one short
RUN = {"learning_rate": 0.1, "steps": 50}


@pytest.fixture(scope="module")
def client():
    """Two worker processes on the loopback interface, without the dashboard."""
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1", silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_cluster_gives_the_bits_of_a_serial_run(client):
    """risks, thetas and the index of the best agree bit by bit, computed in other processes."""
    serial, spread = best_of(L, STARTS, **RUN), best_of(L, STARTS, executor=client.get_executor(), **RUN)
    assert (spread.risks == serial.risks).all()
    assert (spread.thetas == serial.thetas).all()
    assert (spread.index, spread.status) == (serial.index, "finished")


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_an_interrupted_cluster_run_keeps_its_finished_chunks(client):
    """An interrupt after two of four chunks: the first 128 starts, with the bits of the serial run."""

    class Interrupted:
        def map(self, function, chunks):
            for k, run in enumerate(client.get_executor().map(function, chunks)):
                if k == 2:
                    raise KeyboardInterrupt
                yield run

    serial, kept = best_of(L, STARTS, **RUN), best_of(L, STARTS, executor=Interrupted(), **RUN)
    assert kept.status == "interrupted"
    assert (kept.risks == serial.risks[:128]).all()
