#include "host.hpp"

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <thread>

namespace azj::cpu {

namespace {

// Calls visit(line) until it returns false. C's files: C++'s streams would make the library three times as large.
template <class Visit>
void for_each_line(const std::string& path, Visit&& visit) {
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return;
  char line[4096];
  while (std::fgets(line, sizeof line, file) != nullptr) {
    std::string text(line);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    if (!visit(text)) break;
  }
  std::fclose(file);
}

// This process's control groups, innermost first, as directories. Version 2 has one hierarchy; version 1 one for each
// controller.
template <class Visit>
void for_each_control_group(const std::string& controller, Visit&& visit) {
  for_each_line("/proc/self/cgroup", [&](const std::string& line) {  // hierarchy:controllers:path
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) return true;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool unified = controllers == ",,";
    if (!unified && controllers.find("," + controller + ",") == std::string::npos) return true;
    const std::string root = unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/" + controller;
    for (std::string path = line.substr(second + 1);;) {
      visit(root + (path == "/" ? "" : path));
      const size_t slash = path.rfind('/');
      if (path.size() <= 1 || slash == std::string::npos) break;
      path = slash == 0 ? "/" : path.substr(0, slash);
    }
    return true;
  });
}

// The number after a key at the start of a line: "MemAvailable:   123 kB", "inactive_file 123". Nothing when there is
// no such file or line, or when it says "max".
std::optional<uint64_t> read_number(const std::string& path, const std::string& key = "") {
  std::optional<uint64_t> found;
  for_each_line(path, [&](const std::string& line) {
    if (line.compare(0, key.size(), key) != 0) return true;
    uint64_t value = 0;
    if (std::sscanf(line.c_str() + key.size(), "%" SCNu64, &value) == 1) found = value;
    return false;
  });
  return found;
}

int processors_by_affinity() {
  for (int capacity = 1024; capacity <= 1 << 20; capacity *= 4) {  // grows until the kernel's mask fits
    cpu_set_t* set = CPU_ALLOC(capacity);
    if (set == nullptr) break;
    const size_t bytes = CPU_ALLOC_SIZE(capacity);
    const int count = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
  }
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace

std::string processor_name() {
  std::string name;
  for_each_line("/proc/cpuinfo", [&](const std::string& line) {
    if (line.compare(0, 10, "model name") != 0) return true;
    const size_t start = line.find_first_not_of(": \t", 10);
    if (start != std::string::npos) name = line.substr(start);
    return false;
  });
  utsname system{};
  if (name.empty() && uname(&system) == 0) name = std::string(system.machine) + " processor";
  return name;
}

// A container limited to two processors' time on a machine of 64 would only be throttled by 64 threads.
int usable_processors() {
  int64_t count = processors_by_affinity();
  const auto apply = [&](int64_t quota, int64_t period) {
    if (quota > 0 && period > 0) count = std::min(count, std::max<int64_t>(1, (quota + period - 1) / period));
  };
  for_each_control_group("cpu", [&](const std::string& directory) {
    for_each_line(directory + "/cpu.max", [&](const std::string& line) {  // "200000 100000" or "max 100000"
      int64_t quota = 0;
      int64_t period = 0;
      if (std::sscanf(line.c_str(), "%" SCNd64 " %" SCNd64, &quota, &period) == 2) apply(quota, period);
      return false;
    });
    const auto quota = read_number(directory + "/cpu.cfs_quota_us");  // -1: no limit
    const auto period = read_number(directory + "/cpu.cfs_period_us");
    if (quota && period) apply(static_cast<int64_t>(*quota), static_cast<int64_t>(*period));
  });
  return static_cast<int>(count);
}

HostMemory host_memory() {
  HostMemory memory{};
  memory.total = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const auto available = read_number("/proc/meminfo", "MemAvailable:");
  memory.free = available ? *available * 1024 : memory.total;
  for_each_control_group("memory", [&](const std::string& directory) {
    auto limit = read_number(directory + "/memory.max");
    auto used = read_number(directory + "/memory.current");
    if (!limit) {
      limit = read_number(directory + "/memory.limit_in_bytes");
      used = read_number(directory + "/memory.usage_in_bytes");
    }
    if (!limit) return;
    // The kernel gives up cached files before it refuses memory.
    const uint64_t cached = read_number(directory + "/memory.stat", "inactive_file ").value_or(0);
    const uint64_t taken = used.value_or(0) - std::min(used.value_or(0), cached);
    memory.total = std::min(memory.total, *limit);
    memory.free = std::min(memory.free, *limit - std::min(*limit, taken));
  });
  return memory;
}

}  // namespace azj::cpu
