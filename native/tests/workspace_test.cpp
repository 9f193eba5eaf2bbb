// workspace.hpp on the CPU, whose threads have a part of the workspace each.
#include "workspace.hpp"

int main() {
  for (const int threads : {1, 2, 3, 4, 8}) {
    const Session s(threads);
    check_workspaces(s.stream, AZJ_CONV_WINOGRAD_2X2);
  }
  return finish("workspace");
}
