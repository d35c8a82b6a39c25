// Runs one convolution, for a tool that counts instructions: `count_instructions L full|cached|train`.
//
// Everything before the call, making plans and data included, stays outside of `counted`, whose name the tool is told.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "longwing/longwing.h"

namespace {

struct Row {
  explicit Row(std::int64_t size) : length(size), values(static_cast<std::size_t>(size)) {
    // Any numbers will do, as long as none is denormal or zero.
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = 1.0F / static_cast<float>(i % 97 + 1);
  }
  longwing::TensorView rows() { return longwing::TensorView(values.data(), {1, 1, length}); }
  longwing::TensorView filter() { return longwing::TensorView(values.data(), {1, length}); }

  std::int64_t length;
  std::vector<float> values;
};

struct Problem {
  std::string measure;
  Row u, k, dy, y, du, dk;
  longwing::ConvPlan plan;
  longwing::Spectrum spectrum;
};

}  // namespace

extern "C" [[gnu::noinline]] void counted(Problem* problem) {
  Problem& p = *problem;
  if (p.measure == "full") {
    longwing::long_conv({.u = p.u.rows(), .k = p.k.filter(), .out = p.y.rows()});
  } else if (p.measure == "cached") {
    p.plan.forward({.u = p.u.rows(), .spectrum = p.spectrum, .out = p.y.rows()});
  } else {
    const longwing::Spectrum spectrum = p.plan.spectrum(p.k.filter());
    p.plan.forward({.u = p.u.rows(), .spectrum = spectrum, .out = p.y.rows()});
    p.plan.backward({.dy = p.dy.rows(), .u = p.u.rows(), .spectrum = spectrum, .du = p.du.rows(), .dk = p.dk.filter()});
  }
}

int main(int count, char** arguments) {
  const std::string measure = count == 3 ? arguments[2] : "";
  const std::int64_t length = count == 3 ? std::atoll(arguments[1]) : 0;
  if (length < 1 || (measure != "full" && measure != "cached" && measure != "train")) {
    std::fprintf(stderr, "usage: %s LENGTH full|cached|train\n", arguments[0]);
    return 2;
  }
  longwing::set_num_threads(1);
  const longwing::ConvPlan plan({.length = length, .filter_length = length});
  Row k(length);
  Problem problem{measure, Row(length), k, Row(length), Row(length), Row(length), Row(length), plan, plan.spectrum(k.filter())};
  counted(&problem);  // takes working memory from the system
  counted(&problem);
  std::printf("%s\n", longwing::isa().c_str());
  return 0;
}
