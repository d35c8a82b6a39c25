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
    for (int s = 0; s < 16; ++s) alpha_[s] = best_alpha(cosines(s));
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

  // The magnitudes in row s of a DFT of 16: those of its sines are the same.
  static std::vector<double> cosines(int s) {
    std::vector<double> row;
    for (int j = 0; j < 16; ++j) row.push_back(std::cos(2 * std::numbers::pi * s * j / 16));
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
  void matrix(int which, Rows rows, const std::function<Root(int row, int column)>& value) {
    for (int lane = 0; lane < 32; ++lane) {
      std::uint32_t re[4], im[4];
      for (int h = 0; h < 2; ++h) {
        for (int pair = 0; pair < 2; ++pair) {
          const auto at = [&](int i) { return std::complex<float>(value(tile_row(lane, h), tile_column(lane, i))); };
          const std::complex<float> low = at(2 * pair), high = at(2 * pair + 1);
          const int word = rows == Rows::kTurn ? 2 * pair + h : 2 * h + pair;
          re[word] = to_float16_pair(low.real(), high.real());
          im[word] = to_float16_pair(low.imag(), high.imag());
        }
      }
      std::byte* const fragment = bytes_.data() + which * 2 * kFragmentBytes + lane * 16;
      std::memcpy(fragment, re, sizeof re);
      std::memcpy(fragment + kFragmentBytes, im, sizeof im);
    }
  }

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

  // The DFT of radix R in 16/R blocks, `sign` forward or back: entry of two numbers block·R + index.
  Root block_dft(int radix, int sign, int to, int from) const {
    if (to / radix != from / radix) return 0;
    const Root entry = root(static_cast<std::int64_t>(to % radix) * (from % radix), radix);
    return sign > 0 ? entry : std::conj(entry);
  }
  struct Pass {
    int radix, sign;
    bool refined = true;  ///< rows times alpha, which a twiddle takes away
  };
  // `to`: the number in a new row or column, `from`: in a column of the tile.
  void pass(int which, Rows rows, const Pass& p, const std::function<int(int)>& to, const std::function<int(int)>& from) {
    const double scale = p.sign > 0 ? forward_factor(p.radix) : backward_factor(p.radix);
    matrix(which, rows, [&](int row, int column) {
      const double refined = p.refined ? alpha(p.radix, to(row) % p.radix) : 1;
      return scale * refined * block_dft(p.radix, p.sign, to(row), from(column));
    });
  }

  void matrices() {
    const auto [third, fourth] = policy_.middle();
    const auto in_order = [](int place) { return place; };
    const auto members = [fourth = fourth](int row) { return member_of_row(fourth, row); };
    matrix(kFirst, Rows::kTurn, [&](int j0, int c) { return forward_factor(16) * first_alpha_[j0] * first(j0, spread_index(c)); });
    matrix(kFirstBack, Rows::kStay, [&](int c, int j0) { return backward_factor(16) * std::conj(first(j0, spread_index(c))); });
    // The last pass before the product is not refined: no twiddle follows.
    pass(kSecond, Rows::kStay, {16, 1, third > 1}, spread_index, in_order);
    pass(kSecondBack, Rows::kTurn, {16, -1}, in_order, spread_index);
    if (fourth > 1) {
      pass(kThird, Rows::kTurn, {16, 1}, in_order, spread_index);
      pass(kFourth, Rows::kStay, {fourth, 1, false}, spread_index, members);
      pass(kFourthBack, Rows::kTurn, {fourth, -1, false}, members, spread_index);
      pass(kThirdBack, Rows::kStay, {16, -1}, spread_index, in_order);
    } else if (third > 1) {
      pass(kThird, Rows::kStay, {third, 1, false}, spread_index, spread_index);
      pass(kThirdBack, Rows::kStay, {third, -1}, spread_index, spread_index);
    }
  }

  void outer_twiddles() {
    twiddles(kToSecond, 0, [&](int j0, int q1) { return factor(q1, j0, 256) / first_alpha_[j0]; });
    twiddles(kFromSecond, 0, [&](int q1, int j0) { return std::conj(factor(q1, j0, 256)) / alpha(16, q1); });
  }
  // Of part q2 of node (j0, j1), and of part q3 of node (j0, j1, j2).
  Root third_factor(int q2, int j0, int j1) const { return factor(q2, j0 + 16 * j1, 256 * std::int64_t{policy_.middle().third}); }
  Root fourth_factor(int q3, int j0, int j1, int j2) const { return factor(q3, j0 + 16 * j1 + 256 * j2, policy_.n()); }

  void middle_twiddles() {
    const auto [third, fourth] = policy_.middle();
    for (int tile = 0; third > 1 && tile < policy_.tiles(); ++tile) {
      twiddles(kToThird, tile, [&, third = third](int j0, int column) {
        const int j1 = spread_index(column);
        return third_factor(tile % third, j0, j1) / alpha(16, j1);
      });
      if (fourth > 1) {
        twiddles_of_two_middle_passes(tile);
      } else {
        twiddles(kFromThird, tile, [&, third = third](int j1, int column) {
          const int number = spread_index(column), q2 = number % third;
          return std::conj(third_factor(q2, middle_node(policy_.middle(), tile, number / third), j1)) / alpha(third, q2);
        });
      }
    }
  }
  void twiddles_of_two_middle_passes(int tile) {
    const int fourth = policy_.middle().fourth;
    const auto node = [&](int number) { return middle_node(policy_.middle(), tile, number / fourth); };
    const auto of_fourth = [&](int j2, int place) {
      const int number = member_of_row(fourth, place);
      return fourth_factor(number % fourth, node(number) / 16, node(number) % 16, j2);
    };
    twiddles(kToFourth, tile, [&](int j2, int column) { return of_fourth(j2, column) / alpha(16, j2); });
    twiddles(kFromFourth, tile, [&](int row, int j2) { return std::conj(of_fourth(j2, row)); });
    twiddles(kFromThird, tile, [&](int row, int column) {
      const int number = member_of_row(fourth, row), q2 = spread_index(column);
      return std::conj(third_factor(q2, node(number) / 16, node(number) % 16)) / alpha(16, q2);
    });
  }

  const TensorPolicy policy_;
  const RootTable<double> roots_;
  std::vector<std::byte> bytes_;
  double alpha_[16] = {}, first_alpha_[16] = {};
};

}  // namespace

std::vector<std::byte> make_tensor_tables(const TensorPolicy& policy) { return TensorTables(policy).take(); }

}  // namespace longwing::cuda
