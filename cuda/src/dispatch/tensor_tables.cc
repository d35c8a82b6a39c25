#include "dispatch/tensor_tables.h"

#include <cmath>
#include <complex>
#include <cstring>
#include <functional>

#include "core/twiddle.h"
#include "device/half.cuh"

namespace longwing::cuda {
namespace {

using Root = std::complex<double>;

// One row of a matrix, times what makes its rounding to float16 smallest. The row's results are divided by that in the next twiddle.
double best_alpha(const std::vector<double>& row) {
  constexpr int kCandidates = 2048;
  double best = 1, least = INFINITY;
  for (int candidate = 0; candidate < kCandidates; ++candidate) {
    const double alpha = 1 + static_cast<double>(candidate) / kCandidates;
    double error = 0;
    for (const double value : row) {
      const double rounded = static_cast<double>(to_float(to_float16(static_cast<float>(alpha * value)))) / alpha;
      error += (rounded - value) * (rounded - value);
    }
    if (error < least) least = error, best = alpha;
  }
  return best;
}

class TensorTables {
 public:
  explicit TensorTables(const TensorPolicy& policy)
      : policy_(policy), roots_(4 * std::int64_t{policy.n()}), bytes_(static_cast<std::size_t>(tensor_table_bytes(policy))) {
    for (int s = 0; s < 16; ++s) alpha_[s] = best_alpha(cosines(16, s));
    for (int j0 = 0; j0 < 16; ++j0) first_alpha_[j0] = best_alpha(first_row(j0));
    matrices();
    outer_twiddles();
    middle_twiddles();
  }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  // exp(2πi·numerator/order), of an order that divides 4n.
  Root root(std::int64_t numerator, std::int64_t order) const { return roots_(numerator % order * (4 * policy_.n() / order)); }
  // The factor of part q of the node that the children j0, j1, j2 lead to: exp(2πi·q·(1 + 4·j0 + 64·j1 + …)/(4·points)).
  Root factor(int q, std::int64_t node, std::int64_t points) const { return root(q * (1 + 4 * node), 4 * points); }

  static std::vector<double> cosines(int radix, int index) {
    std::vector<double> row;
    for (int j = 0; j < radix; ++j) row.push_back(std::cos(2 * std::numbers::pi * index * j / radix));
    return row;
  }
  std::vector<double> first_row(int j0) const {
    std::vector<double> row;
    for (int q = 0; q < 16; ++q) row.push_back(first(j0, q).real()), row.push_back(first(j0, q).imag());
    return row;
  }
  Root first(int j0, int q) const { return factor(q, 0, 16) * root(j0 * q, 16); }
  double alpha(int radix, int index) const { return radix == 16 ? alpha_[index] : 1; }

  // value(row, column) of a matrix that stands beside tiles: rows are new indices, columns those of the tile.
  void matrix(int which, Rows rows, const std::function<double(int row, int column)>& value) {
    for (int lane = 0; lane < 32; ++lane) {
      TensorPairs pairs;
      for (int h = 0; h < 2; ++h) {
        for (int pair = 0; pair < 2; ++pair) {
          const auto at = [&](int i) { return static_cast<float>(value(tile_row(lane, h), tile_column(lane, i))); };
          pairs.words[rows == Rows::kTurn ? 2 * pair + h : 2 * h + pair] = to_float16_pair(at(2 * pair), at(2 * pair + 1));
        }
      }
      std::memcpy(bytes_.data() + which * kFragmentBytes + lane * 16, &pairs, sizeof pairs);
    }
  }
  struct TensorPairs {
    std::uint32_t words[4];
  };

  void twiddles(int which, int tile, const std::function<Root(int row, int column)>& value) {
    for (int lane = 0; lane < 32; ++lane) {
      for (int h = 0; h < 2; ++h) {
        for (int i = 0; i < 4; ++i) {
          const std::complex<float> number(value(tile_row(lane, h), tile_column(lane, i)));
          const std::size_t at = static_cast<std::size_t>(tensor_twiddle_offset(policy_.middle(), which)) +
                                 static_cast<std::size_t>(lane_number(tile, lane, h, i)) * sizeof number;
          std::memcpy(bytes_.data() + at, &number, sizeof number);
        }
      }
    }
  }

  // Cosines and sines of a symmetric DFT: `pair` and `member` of a new index, the number (block·R + index) of an old one.
  double symmetric(int radix, double scale, bool refined, int pair, int member, int number) const {
    const int index = pair_index(radix, pair, member);
    const int s = pair_index(radix, pair, 0) % radix;
    if (index / radix != number / radix) return 0;
    const double angle = 2 * std::numbers::pi * (s == 0 ? index % radix : s) * (number % radix) / radix;
    return scale * (refined ? alpha(radix, s == 0 ? index % radix : s) : 1) * (s == 0 || member == 0 ? std::cos(angle) : std::sin(angle));
  }
  void turning(int which, int radix, double scale, const std::function<int(int column)>& number) {
    matrix(which, Rows::kTurn, [&](int row, int column) { return symmetric(radix, scale, true, row % 8, row / 8, number(column)); });
  }
  void staying(int which, int radix, double scale, const std::function<int(int column)>& number, bool refined = true) {
    matrix(which, Rows::kStay, [&](int row, int column) { return symmetric(radix, scale, refined, row / 2, row % 2, number(column)); });
  }

  void matrices() {
    const auto [third, fourth] = policy_.middle();
    const auto in_order = [](int column) { return column; };
    const auto pairs = [](int radix) { return [radix](int column) { return index_of_column(radix, column); }; };
    const auto rows = [](int radix) { return [radix](int column) { return index_of_row(radix, column); }; };
    const double forward = forward_factor(16), backward = backward_factor(16);
    matrix(kFirstRe, Rows::kTurn, [&](int j0, int c) { return forward * first_alpha_[j0] * first(j0, spread_index(c)).real(); });
    matrix(kFirstIm, Rows::kTurn, [&](int j0, int c) { return forward * first_alpha_[j0] * first(j0, spread_index(c)).imag(); });
    matrix(kFirstBackRe, Rows::kStay, [&](int c, int j0) { return backward * first(j0, spread_index(c)).real(); });
    matrix(kFirstBackIm, Rows::kStay, [&](int c, int j0) { return -backward * first(j0, spread_index(c)).imag(); });
    staying(kSecondPass, 16, forward, in_order, third > 1);  // the last pass before the product, which knows of no alpha
    turning(kSecondBack, 16, backward, pairs(16));
    if (fourth > 1) {
      turning(kThirdPass, 16, forward, pairs(16));
      staying(kFourthPass, fourth, forward_factor(fourth), rows(fourth));
      turning(kFourthBack, fourth, backward_factor(fourth), pairs(fourth));
      staying(kThirdBack, 16, backward, rows(16));
    } else if (third > 1) {
      staying(kThirdPass, third, forward_factor(third), pairs(third), false);
      staying(kThirdBack, third, backward_factor(third), pairs(third));
    }
  }

  void outer_twiddles() {
    twiddles(kToSecond, 0, [&](int j0, int q1) { return factor(q1, j0, 256) / first_alpha_[j0]; });
    twiddles(kFromSecond, 0, [&](int row, int j0) {
      const int q1 = index_of_row(16, row);
      return std::conj(factor(q1, j0, 256)) / alpha(16, q1);
    });
  }
  // Of part q2 of node (j0, j1), and of part q3 of node (j0, j1, j2).
  Root third_factor(int q2, int j0, int j1) const { return factor(q2, j0 + 16 * j1, 256 * std::int64_t{policy_.middle().third}); }
  Root fourth_factor(int q3, int j0, int j1, int j2) const { return factor(q3, j0 + 16 * j1 + 256 * j2, policy_.n()); }

  void middle_twiddles() {
    const auto [third, fourth] = policy_.middle();
    for (int tile = 0; third > 1 && tile < policy_.tiles(); ++tile) {
      twiddles(kToThird, tile, [&](int j0, int column) {
        const int j1 = index_of_column(16, column);
        return third_factor(tile % third, j0, j1) / alpha(16, j1);
      });
      if (fourth == 1) {
        twiddles(kFromThird, tile, [&](int j1, int column) {
          const int number = index_of_column(third, column), q2 = number % third;
          return std::conj(third_factor(q2, middle_node(policy_.middle(), tile, number / third), j1)) / alpha(third, q2);
        });
        continue;
      }
      const auto node = [&](int number) { return middle_node(policy_.middle(), tile, number / fourth); };
      twiddles(kToFourth, tile, [&](int row, int column) {
        const int j2 = index_of_row(16, row), number = index_of_row(fourth, column);
        return fourth_factor(number % fourth, node(number) / 16, node(number) % 16, j2) / alpha(16, j2);
      });
      twiddles(kFromFourth, tile, [&](int row, int column) {
        const int j2 = index_of_row(16, column), number = index_of_row(fourth, row);
        return std::conj(fourth_factor(number % fourth, node(number) / 16, node(number) % 16, j2));
      });
      twiddles(kFromThird, tile, [&](int row, int column) {
        const int q2 = index_of_column(16, column), number = index_of_row(fourth, row);
        return std::conj(third_factor(q2, node(number) / 16, node(number) % 16)) / alpha(16, q2);
      });
    }
  }

  const TensorPolicy policy_;
  const RootTable<double> roots_;
  std::vector<std::byte> bytes_;
  double alpha_[16] = {}, first_alpha_[16] = {};
};

}  // namespace

std::vector<std::byte> make_tensor_tables(const TensorPolicy& policy) { return TensorTables(policy).take(); }

}  // namespace longwing::cuda
