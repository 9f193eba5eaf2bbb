#include "choice_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "../version.hpp"

namespace azj::cuda {

namespace {

std::string variable(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? "" : text;
}

std::string folder(int32_t kind) {
  if (const char* named = std::getenv("AZULEJO_CHOICES")) return named;
  if (kind == AZJ_DEVICE_EMULATED) return "";
  const std::string cache = variable("XDG_CACHE_HOME"), home = variable("HOME");
  if (!cache.empty() && cache[0] == '/') return cache + "/azulejo";  // otherwise invalid, says its specification
  return home.empty() ? "" : home + "/.cache/azulejo";
}

// "NVIDIA H200" in a file's name.
std::string file_name(const CudaDevice& device) {
  std::string name = device.name();
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '-';
  }
  return "choices-" + name + "-sm_" + std::to_string(device.capability()) + "-" + kVersion + ".txt";
}

std::string problem(const ChoiceKey& key, const std::vector<Candidate>& candidates) {
  std::ostringstream text;
  for (const int64_t number : key) text << number << ' ';
  text << '|';
  for (const Candidate& candidate : candidates) text << ' ' << candidate.algorithm;
  return text.str();
}

// The folder and those it lies in.
void make_folders(const std::string& path) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    ::mkdir(path.substr(0, end).c_str(), 0777);  // that it exists already, or cannot be, shows when the file is opened
    if (end == std::string::npos) return;
  }
}

}  // namespace

ChoiceFile::ChoiceFile(const CudaDevice& device) : folder_(folder(device.kind())) {
  if (!folder_.empty()) path_ = folder_ + "/" + file_name(device);
}

void ChoiceFile::read() {
  read_ = true;
  std::ifstream file(path_);
  for (std::string line; std::getline(file, line);) {
    const size_t bar = line.rfind(" | ");
    if (bar == std::string::npos || file.eof()) continue;  // a last line without its end is being written
    int32_t choice = 0;
    double milliseconds = 0;
    std::istringstream result(line.substr(bar + 3));
    if (result >> choice >> milliseconds) choices_.emplace(line.substr(0, bar), choice);
  }
}

const int32_t* ChoiceFile::find(const ChoiceKey& key, const std::vector<Candidate>& candidates) {
  if (path_.empty()) return nullptr;
  if (!read_) read();
  const auto found = choices_.find(problem(key, candidates));
  if (found == choices_.end()) return nullptr;
  for (const Candidate& candidate : candidates) {
    if (candidate.algorithm == found->second) return &found->second;
  }
  return nullptr;
}

void ChoiceFile::add(const ChoiceKey& key, const std::vector<Candidate>& candidates, int32_t choice,
                     double milliseconds) {
  if (path_.empty()) return;
  std::ostringstream line;
  line << problem(key, candidates) << " | " << choice << ' ' << milliseconds << '\n';
  make_folders(folder_);
  const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0) return;
  const std::string text = line.str();
  if (::write(file, text.data(), text.size()) < 0) {
    // A full disk: the choice is kept for this process.
  }
  ::close(file);
}

}  // namespace azj::cuda
