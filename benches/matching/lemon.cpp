// Solves one instance with LEMON and prints what it found as JSON: lemon FOLDER/problem.bin
//
// Peers are solved by MaxWeightedMatching with its fractional start, mentoring by NetworkSimplex. Participation comes
// first by its weight: a step more than all scores together. The time is that of the solver alone, without reading the
// file and without building the graph.
//
// c++ -std=c++17 -O3 -DNDEBUG -o lemon lemon.cpp    (Debian: g++ and liblemon-dev)

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include <lemon/config.h>
#include <lemon/matching.h>
#include <lemon/network_simplex.h>
#include <lemon/smart_graph.h>

namespace {

struct Person {
  std::uint32_t capacity, priority;
};

struct Pair {
  std::uint32_t a, b;
  std::int32_t score;
};

struct Problem {
  std::uint32_t mentors = 0;
  std::vector<Person> people;
  std::vector<Pair> pairs;
};

struct Answer {
  double seconds = 0;
  std::int64_t participation = 0, score = 0;
};

[[noreturn]] void fail(const char *why) {
  std::fprintf(stderr, "%s\n", why);
  std::exit(1);
}

Problem read(const char *path) {
  static_assert(sizeof(Person) == 8 && sizeof(Pair) == 12);
  std::ifstream file(path, std::ios::binary);
  std::uint32_t counts[3];
  Problem problem;
  if (!file.read(reinterpret_cast<char *>(counts), sizeof counts)) fail("the file cannot be read");
  problem.mentors = counts[0];
  problem.people.resize(counts[1]);
  problem.pairs.resize(counts[2]);
  file.read(reinterpret_cast<char *>(problem.people.data()), sizeof(Person) * problem.people.size());
  file.read(reinterpret_cast<char *>(problem.pairs.data()), sizeof(Pair) * problem.pairs.size());
  if (!file) fail("the file ends too early");
  return problem;
}

// What a step of participation weighs: more than all scores of a plan together.
std::int64_t step(const Problem &problem) {
  std::int64_t most = 0, places = 0;
  for (const Pair &pair : problem.pairs) most = std::max<std::int64_t>(most, pair.score);
  for (std::size_t i = problem.mentors; i < problem.people.size(); ++i) places += problem.people[i].capacity;
  return 1 + most * (problem.mentors > 0 ? places : places / 2);
}

// A line of /proc/self/status in bytes; 0 where there is none.
long memory(const std::string &key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind(key + ":", 0) == 0) return 1024 * std::strtol(line.c_str() + key.size() + 1, nullptr, 10);
  return 0;
}

template <typename Solve>
double timed(Solve solve) {
  // From here on the peak counts: 5 resets it.
  std::ofstream("/proc/self/clear_refs") << 5;
  const auto start = std::chrono::steady_clock::now();
  solve();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Answer peers(Problem problem) {
  using Graph = lemon::SmartGraph;
  const std::int64_t weight = step(problem);
  const std::size_t people = problem.people.size();
  Graph graph;
  Graph::EdgeMap<std::int64_t> weights(graph);
  graph.reserveNode(static_cast<int>(people));
  graph.reserveEdge(static_cast<int>(problem.pairs.size()));
  for (const Person &person : problem.people) {
    if (person.capacity != 1) fail("peers must have one place each");
    graph.addNode();
  }
  for (const Pair &pair : problem.pairs)
    weights[graph.addEdge(graph.nodeFromId(pair.a), graph.nodeFromId(pair.b))] = weight + pair.score;
  problem = {};
  Answer answer;
  lemon::MaxWeightedMatching<Graph, Graph::EdgeMap<std::int64_t>> matching(graph, weights);
  answer.seconds = timed([&] {
    matching.fractionalInit();
    matching.start();
  });
  answer.participation = 2 * matching.matchingSize();
  answer.score = matching.matchingWeight() - weight * matching.matchingSize();
  return answer;
}

Answer mentoring(Problem problem) {
  using Graph = lemon::SmartDigraph;
  const std::int64_t weight = step(problem);
  const std::size_t mentees = problem.people.size() - problem.mentors;
  Graph graph;
  graph.reserveNode(static_cast<int>(problem.people.size() + 1));
  graph.reserveArc(static_cast<int>(problem.pairs.size() + problem.people.size()));
  Graph::ArcMap<std::int64_t> costs(graph), capacities(graph);
  for (std::size_t i = 0; i < problem.people.size(); ++i) graph.addNode();
  const Graph::Node sink = graph.addNode();
  for (const Pair &pair : problem.pairs) {
    const Graph::Arc arc = graph.addArc(graph.nodeFromId(pair.b), graph.nodeFromId(pair.a));
    costs[arc] = -(weight * problem.people[pair.b].priority + pair.score);
    capacities[arc] = 1;
  }
  // A mentee without a mentor goes straight to the sink.
  for (std::size_t i = 0; i < problem.people.size(); ++i)
    capacities[graph.addArc(graph.nodeFromId(static_cast<int>(i)), sink)] = problem.people[i].capacity;
  lemon::NetworkSimplex<Graph, std::int64_t> simplex(graph);
  Graph::NodeMap<std::int64_t> supplies(graph);
  for (std::size_t i = problem.mentors; i < problem.people.size(); ++i) {
    if (problem.people[i].capacity != 1) fail("mentees must have one place each");
    supplies[graph.nodeFromId(static_cast<int>(i))] = 1;
  }
  supplies[sink] = -static_cast<std::int64_t>(mentees);
  simplex.upperMap(capacities).costMap(costs).supplyMap(supplies);
  Answer answer;
  answer.seconds = timed([&] {
    if (simplex.run() != simplex.OPTIMAL) fail("NetworkSimplex found no optimum");
  });
  for (std::size_t i = 0; i < problem.pairs.size(); ++i) {
    if (simplex.flow(graph.arcFromId(static_cast<int>(i))) > 0) {
      answer.participation += problem.people[problem.pairs[i].b].priority;
      answer.score += problem.pairs[i].score;
    }
  }
  return answer;
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 2) fail("usage: lemon FOLDER/problem.bin");
  Problem problem = read(argv[1]);
  const bool mentored = problem.mentors > 0;
  const Answer answer = mentored ? mentoring(std::move(problem)) : peers(std::move(problem));
  std::printf("{\"seconds\": %.6f, \"participation\": %lld, \"score\": %lld, \"peak\": %ld, \"version\": \"%s\"}\n",
              answer.seconds, static_cast<long long>(answer.participation), static_cast<long long>(answer.score),
              memory("VmHWM"), LEMON_VERSION);
}
