import gc
import threading
import weakref

from kcore._locks import lock_of


class Model:
    """A stand-in for a model."""


def test_a_lock_excludes_other_threads_but_not_its_own():
    model = Model()
    order = []

    def other():
        with lock_of(model):
            order.append("other")

    with lock_of(model), lock_of(model):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(0.05)
        order.append("first")
    thread.join()
    assert order == ["first", "other"]


def test_threads_that_ask_at_the_same_time_get_the_same_lock():
    model, barrier, found = Model(), threading.Barrier(8), []

    def ask():
        barrier.wait()
        found.append(lock_of(model))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(map(id, found))) == 1


def test_a_lock_keeps_no_model_alive():
    model = Model()
    reference = weakref.ref(model)
    lock_of(model)
    del model
    gc.collect()
    assert reference() is None
