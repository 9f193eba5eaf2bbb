// The team of threads runs every index exactly once, is reused thousands of times, and ends cleanly.
#include "../src/cpu/team.hpp"

#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

using azj::cpu::Team;

namespace {

std::atomic<int> failures{0};

void expect(bool condition, const char* what, int64_t a, int64_t b, int64_t c) {
  if (condition) return;
  failures.fetch_add(1);
  std::printf("%s: %lld, %lld, %lld\n", what, static_cast<long long>(a), static_cast<long long>(b),
              static_cast<long long>(c));
}

// Plain integers, written without locks: ThreadSanitizer sees when two threads get the same index, or when the caller
// reads before they are done.
void every_index_once(Team& team, int64_t count, int64_t grain) {
  std::vector<int> visits(static_cast<size_t>(count));
  std::vector<int> ranges(static_cast<size_t>(team.threads()));
  team.parallel(count, grain, [&](int64_t begin, int64_t end, int thread) {
    expect(begin % grain == 0, "a range starts between two grains", begin, grain, count);
    expect(end % grain == 0 || end == count, "a range ends between two grains", end, grain, count);
    ++ranges[static_cast<size_t>(thread)];
    for (int64_t i = begin; i < end; ++i) ++visits[static_cast<size_t>(i)];
  });
  for (int64_t i = 0; i < count; ++i) expect(visits[static_cast<size_t>(i)] == 1, "index, grain, count", i, grain, count);
  for (int r : ranges) expect(r <= 1, "ranges of one thread", r, grain, count);
}

void one_team(int threads, int rounds) {
  Team team(threads);
  expect(team.threads() == threads, "threads", team.threads(), threads, 0);
  for (int round = 0; round < rounds; ++round) {
    for (const int64_t count : {0, 1, 2, 3, 7, 64, 65, 1000}) {
      for (const int64_t grain : {1, 3, 16, 2000}) every_index_once(team, count, grain);
    }
  }
  std::vector<int> ran(static_cast<size_t>(threads));
  team.run([](void* context, int thread) { ++(*static_cast<std::vector<int>*>(context))[static_cast<size_t>(thread)]; },
           &ran);
  for (int r : ran) expect(r == 1, "run on each thread", r, threads, 0);
}

}  // namespace

int main() {
  for (const int threads : {1, 2, 3, 4, 5, 8, 17}) one_team(threads, 5);
  for (int i = 0; i < 50; ++i) Team idle(1 + i % 6);  // closed before their threads have done anything

  Team reused(4);
  int64_t sum = 0;
  for (int i = 0; i < 5000; ++i) {
    int64_t partial[4] = {};
    reused.parallel(400, 100, [&](int64_t begin, int64_t end, int thread) { partial[thread] += end - begin; });
    sum += partial[0] + partial[1] + partial[2] + partial[3];
    if (i % 1000 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));  // long enough to fall asleep
  }
  expect(sum == 5000 * 400, "sum", sum, 0, 0);

  std::vector<std::thread> users;  // many teams at once, each used by its own thread
  for (int i = 0; i < 6; ++i) users.emplace_back([i] { one_team(1 + i % 4, 3); });
  for (auto& user : users) user.join();

  std::printf("team: %d failures\n", failures.load());
  return failures == 0 ? 0 : 1;
}
