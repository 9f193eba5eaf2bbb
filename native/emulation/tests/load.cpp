// Loads a test library, runs its tests twice and unloads it; in a thread of its own the second time.
#include <dlfcn.h>

#include <cstdio>
#include <thread>

int main(int count, char** arguments) {
  if (count != 2) return 2;
  void* library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    std::printf("%s\n", dlerror());
    return 2;
  }
  auto tests = reinterpret_cast<int (*)()>(dlsym(library, "emulation_tests"));
  int failed = tests == nullptr ? 2 : tests();
  std::thread again([&failed, tests] { failed |= tests == nullptr ? 2 : tests(); });
  again.join();
  dlclose(library);  // its threads go on
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  return failed;
}
