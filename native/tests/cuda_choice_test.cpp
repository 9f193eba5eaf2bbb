// What AUTO measured lasts: in the process, and in a file for those after it. Each case is a process of its own, because
// a process keeps its choices.
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "emulated_session.hpp"

namespace {

// The folder of the choices, two levels that are not there yet.
std::string top, folder;

int32_t choose() {
  const Emulated s;
  const azj_gemm_desc desc{33, 17, 9, 9, 17, 17, 0, 0, 1, 0, AZJ_GEMM_AUTO, AZJ_FP32};
  int32_t algorithm = -1;
  OK(azj_gemm_choice(s.stream, &desc, 1, &algorithm));
  return algorithm;
}

void in_a_process(const std::function<void()>& body) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    failures = 0;
    body();
    std::fflush(stdout);
    _exit(failures == 0 ? 0 : 1);
  }
  int status = 0;
  CHECK(child > 0 && waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

// Everything that was written, from whatever file is there.
std::string path() {
  std::string found;
  FILE* list = popen(("ls " + folder + "/choices-*-0*.txt 2>/dev/null").c_str(), "r");
  char line[512];
  if (std::fgets(line, sizeof line, list) != nullptr) found.assign(line, std::strcspn(line, "\n"));
  pclose(list);
  return found;
}

std::string text() {
  std::ifstream file(path());
  std::ostringstream all;
  all << file.rdbuf();
  return all.str();
}

void write(const std::string& lines) { std::ofstream(path(), std::ios::trunc) << lines; }

constexpr char kProblem[] = "0 33 17 9 9 17 17 0 0 0 1 0 |";

void a_choice_is_written() {
  CHECK(path().empty());
  in_a_process([] { choose(); });
  CHECK(text().find(kProblem) == 0);
  CHECK(text().back() == '\n');
}

// The line as it was written, with another algorithm as its choice.
std::string line_with(int32_t algorithm) {
  const std::string line = text();
  return line.substr(0, line.rfind(" | ")) + " | " + std::to_string(algorithm) + " 0.5\n";
}

void a_later_process_follows_it() {
  const std::string line = text();
  for (int32_t algorithm = AZJ_GEMM_GRID; algorithm <= AZJ_GEMM_TILED; ++algorithm) {
    write(line_with(algorithm));
    in_a_process([algorithm] { CHECK(choose() == algorithm); });
    CHECK(text() == line_with(algorithm));  // nothing was measured again
  }
  write(line);
}

// Lines of another library, or damaged ones, are measured anew.
void other_lines_do_not_count() {
  const std::string line = text();
  const std::string cut = line_with(AZJ_GEMM_TILED);
  const std::string others[] = {
      std::string(kProblem) + " 5 | 5 0.1\n",                     // other candidates
      line_with(AZJ_GEMM_TENSOR_BF16),                            // a choice that is no candidate
      cut.substr(0, cut.size() - 1),                              // not written to its end
      "what is this\n | | |\n" + std::string(kProblem) + " | x\n",  // not of this form
  };
  for (const std::string& other : others) {
    write(other);
    in_a_process([] { choose(); });
    CHECK(text().size() > other.size() && text().compare(0, other.size(), other) == 0);
  }
  write(line);
}

// What may be chosen depends on the precision.
void a_precision_allows_more() {
  const std::string before = text();
  write("");
  const auto candidates = [](int32_t precision) {
    in_a_process([precision] {
      const Emulated s;
      const azj_gemm_desc gemm{33, 17, 9, 9, 17, 17, 0, 0, 1, 0, AZJ_GEMM_AUTO, precision};
      int32_t algorithm = -1;
      OK(azj_gemm_choice(s.stream, &gemm, 1, &algorithm));
      azj_conv2d_desc conv{1, 2, 5, 5, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1, 0, AZJ_CONV_AUTO, AZJ_IDENTITY, 0, precision};
      OK(azj_conv2d_algorithm(s.stream, &conv, AZJ_CONV_FORWARD, &algorithm));
      OK(azj_conv2d_pool_algorithm(s.stream, &conv, &algorithm));  // a choice of its own
    });
    const std::string lines = text();
    std::vector<std::string> found;  // between the two bars
    for (size_t at = lines.find(" | "); at != std::string::npos; at = lines.find(" | ", lines.find('\n', at))) {
      found.push_back(lines.substr(at + 3, lines.find(" | ", at + 3) - at - 3));
    }
    write("");
    return found;
  };
  using Lines = std::vector<std::string>;
  CHECK(candidates(AZJ_FP32) == (Lines{"5 4 3 2 1", "3 1 2 6", "3 1 2 6"}));
  CHECK(candidates(AZJ_TF32) == (Lines{"5 4 3 2 1 6 8", "3 1 2 6 4 7", "3 1 2 6 4 7"}));
  CHECK(candidates(AZJ_BF16) == (Lines{"5 4 3 2 1 6 8 7 9", "3 1 2 6 4 7 5 8", "3 1 2 6 4 7 5 8"}));
  write(before);
}

// A dense layer on a rung that rounds, and that needs memory for its copies.
void a_dense_layer_follows() {
  const std::string before = text();
  write("0 2 1 3 3 3 1 0 1 0 1 2 | 5 4 3 2 1 6 8 7 9 | 9 0.1\n");
  in_a_process([] {
    Emulated s;
    const azj_dense_desc desc{2, 3, 1, AZJ_IDENTITY, 0, AZJ_BF16, 0};
    // 1 + 2^-9 is 1 in BF16.
    const std::vector<float> x{1.001953125f, 2, 3, 1, 1, -1}, w{1, 1, 1};
    float* y = s.alloc(2);
    OK(azj_dense_forward(s.stream, &desc, s.upload(x), s.upload(w), nullptr, y));
    CHECK(s.download(y, 2) == (std::vector<float>{6, 1}));
  });
  write(before);
}

void without_a_file() {
  const std::string line = text();
  in_a_process([] {
    setenv("AZULEJO_CHOICES", "", 1);
    CHECK(choose() > 0);
  });
  in_a_process([] {
    setenv("AZULEJO_CHOICES", "/proc/none", 1);  // where nobody can write
    CHECK(choose() > 0);
  });
  in_a_process([] {  // the emulated device has no place of its own
    unsetenv("AZULEJO_CHOICES");
    setenv("XDG_CACHE_HOME", top.c_str(), 1);
    CHECK(choose() > 0);
    CHECK(access((top + "/azulejo").c_str(), F_OK) != 0);
  });
  in_a_process([] {  // not measured, not looked up
    setenv("AZULEJO_MEASURE", "0", 1);
    CHECK(choose() == AZJ_GEMM_REGISTER);
  });
  CHECK(text() == line);
}

}  // namespace

int main() {
  char name[] = "/tmp/azulejo-choices-XXXXXX";
  CHECK(mkdtemp(name) != nullptr);
  top = name;
  folder = top + "/a/b";
  setenv("AZULEJO_CHOICES", folder.c_str(), 1);
  a_choice_is_written();
  a_later_process_follows_it();
  other_lines_do_not_count();
  a_precision_allows_more();
  a_dense_layer_follows();
  without_a_file();
  CHECK(std::system(("rm -r " + top).c_str()) == 0);
  return finish("cuda_choice");
}
