"""Solves one instance with a Python package and prints what it found as JSON: peers.py PACKAGE FOLDER/problem.bin

PACKAGE is networkx (peers), or scipy, ortools or lapx (mentoring). A package that is not installed is named as missing.
Participation comes first by its weight: a step more than all scores together. The time is that of the solver alone,
without reading the file and without building its input.
"""

import importlib.util
import json
import sys
import time
from importlib.metadata import version
from pathlib import Path


class Problem:
    """People and scored pairs; see `write_compact` in worker/benches/matching/problem.rs for the format."""

    def __init__(self, path):
        import numpy

        numbers = numpy.fromfile(path, dtype="<i4")
        self.mentors, people, pairs = (int(number) for number in numbers[:3])
        split = 3 + 2 * people
        self.capacity, self.priority = numbers[3:split].reshape(people, 2).astype("i8").T
        self.a, self.b, self.score = numbers[split : split + 3 * pairs].reshape(pairs, 3).astype("i8").T
        self.mentees = people - self.mentors
        places = self.capacity[self.mentors :].sum()
        self.step = 1 + int(self.score.max(initial=0)) * int(places if self.mentors else places // 2)

    def weights(self):
        """By pair of a mentor and a mentee: the score, and a step for every priority."""
        return self.priority[self.b] * self.step + self.score

    def optimum(self, made):
        """What the pairs at these indices achieve."""
        sides = (self.b,) if self.mentors else (self.a, self.b)
        participation = sum(int(self.priority[side[made]].sum()) for side in sides)
        return participation, int(self.score[made].sum())


def timed(work):
    """The seconds that the work takes, and what it returns; the peak of memory counts from its start."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass
    start = time.perf_counter()
    done = work()
    return time.perf_counter() - start, done


def peak():
    """The most memory since the start of the work, in bytes; 0 where that cannot be told."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


def solve_networkx(problem):
    import networkx

    graph = networkx.Graph()
    graph.add_weighted_edges_from(zip(problem.a.tolist(), problem.b.tolist(), problem.score.tolist()))
    seconds, made = timed(lambda: networkx.max_weight_matching(graph, maxcardinality=True))
    pairs = {pair: at for at, pair in enumerate(zip(problem.a.tolist(), problem.b.tolist()))}
    return seconds, [pairs[min(pair), max(pair)] for pair in made]


def table(problem, square):
    """Mentees by places of mentors: weights, 0 where there is no pair; and by mentee and place the pair's index."""
    import numpy

    mentor = numpy.repeat(numpy.arange(problem.mentors), problem.capacity[: problem.mentors])
    index = numpy.full((problem.mentees, problem.mentors), -1, dtype="i4")
    index[problem.b - problem.mentors, problem.a] = numpy.arange(len(problem.a))
    weights = numpy.append(problem.weights(), 0).astype("f8")[index][:, mentor]
    if square:
        side = max(weights.shape)
        weights = numpy.pad(weights, [(0, side - length) for length in weights.shape])
    return weights, lambda mentee, place: index[mentee, mentor[place]] if place < len(mentor) else -1


def solve_dense(problem, square, assign):
    weights, index = table(problem, square)
    seconds, places = timed(lambda: assign(weights))
    made = [index(mentee, place) for mentee, place in places if mentee < problem.mentees]
    return seconds, [at for at in made if at >= 0]


def solve_scipy(problem):
    import numpy
    from scipy.optimize import linear_sum_assignment
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    if 4 * len(problem.a) > problem.mentees * problem.mentors:
        return solve_dense(problem, False, lambda weights: zip(*linear_sum_assignment(weights, maximize=True)))
    # A column for every place, and for every mentee a column that stands for nobody. Zero would mean no pair.
    first = numpy.cumsum(problem.capacity[: problem.mentors]) - problem.capacity[: problem.mentors]
    times = problem.capacity[problem.a]
    copies = numpy.arange(times.sum()) - numpy.repeat(numpy.cumsum(times) - times, times)
    pair = numpy.repeat(numpy.arange(len(problem.a)), times)
    places = int(problem.capacity[: problem.mentors].sum())
    nobody = numpy.arange(problem.mentees)
    rows = numpy.append(problem.b[pair] - problem.mentors, nobody)
    columns = numpy.append(first[problem.a[pair]] + copies, places + nobody)
    weights = numpy.append(problem.weights()[pair], numpy.zeros(problem.mentees, dtype="i8")) + 1
    shape = (problem.mentees, places + problem.mentees)
    graph = coo_array((weights, (rows, columns)), shape=shape).tocsr()
    seconds, (rows, columns) = timed(lambda: min_weight_full_bipartite_matching(graph, maximize=True))
    mentor = numpy.repeat(numpy.arange(problem.mentors), problem.capacity[: problem.mentors])
    index = {pair: at for at, pair in enumerate(zip(problem.a.tolist(), problem.b.tolist()))}
    matched = ((mentor[column], problem.mentors + row) for row, column in zip(rows, columns) if column < places)
    return seconds, [index[pair] for pair in matched]


def solve_ortools(problem):
    import numpy
    from ortools.graph.python import min_cost_flow

    flow = min_cost_flow.SimpleMinCostFlow()
    people = problem.mentors + problem.mentees
    everybody = numpy.arange(people)
    ones = numpy.ones(len(problem.a), dtype="i8")
    arcs = flow.add_arcs_with_capacity_and_unit_cost(problem.b, problem.a, ones, -problem.weights())
    # A mentee without a mentor goes straight to the sink.
    sink = numpy.full(people, people)
    flow.add_arcs_with_capacity_and_unit_cost(everybody, sink, problem.capacity, numpy.zeros(people, dtype="i8"))
    supplies = numpy.where(everybody < problem.mentors, 0, 1)
    flow.set_nodes_supplies(numpy.append(everybody, people), numpy.append(supplies, -problem.mentees))
    seconds, status = timed(flow.solve)
    if status != flow.OPTIMAL:
        raise RuntimeError(f"no optimum: {status}")
    return seconds, numpy.flatnonzero(flow.flows(arcs))


def solve_lapx(problem):
    import lap

    def assign(weights):
        _, places, _ = lap.lapjv(-weights)
        return enumerate(places)

    return solve_dense(problem, True, assign)


def main():
    package, path = sys.argv[1:]
    solvers = {"networkx": solve_networkx, "scipy": solve_scipy, "ortools": solve_ortools, "lapx": solve_lapx}
    modules = [{"lapx": "lap"}.get(package, package), "numpy"]
    if any(importlib.util.find_spec(module) is None for module in modules):
        print(json.dumps({"missing": package}))
        return
    problem = Problem(path)
    seconds, made = solvers[package](problem)
    most = peak()
    participation, score = problem.optimum(made)
    answer = {"seconds": seconds, "participation": participation, "score": score, "peak": most}
    print(json.dumps(answer | {"version": version(package)}))


if __name__ == "__main__":
    main()
