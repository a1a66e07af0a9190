// Counts the samples of every stream of XDF files as libxdf reads them, a line a file: name=samples, separated by tabs.
//
//   c++ -O1 -std=c++17 scripts/xdf-counts.cpp -lxdf -lpugixml -o xdf-counts     (Debian: libxdf-dev, libpugixml-dev)
#include <xdf.h>

#include <iostream>
#include <sstream>

int main(int argc, char **argv) {
  for (int file = 1; file < argc; file++) {
    Xdf xdf;
    // It says much on the way.
    std::ostringstream said;
    auto *out = std::cout.rdbuf(said.rdbuf());
    const int failed = xdf.load_xdf(argv[file]);
    std::cout.rdbuf(out);
    std::cout << (failed ? "failed" : "read");
    for (const auto &stream : xdf.streams) {
      const auto samples = stream.time_series.empty() ? 0 : stream.time_series[0].size();
      std::cout << "\t" << stream.info.name << "=" << samples;
    }
    std::cout << "\n";
  }
}
