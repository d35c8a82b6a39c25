// Rows of any dtype and stride, gated, zero or periodic outside, in and out.
#include "cpu/row_io.h"

#include "isa_test.h"
#include "random_values.h"

namespace longwing::cpu {
namespace {

constexpr std::int64_t kLength = 300;  // more than two tiles

// A strided row of small whole numbers, exact in every dtype.
struct Row {
  DType dtype;
  std::int64_t stride;
  std::vector<double> values;
  std::vector<char> memory;

  Row(const IsaKernels& kernels, DType dtype, std::int64_t stride, unsigned seed) : dtype(dtype), stride(stride) {
    Random random(seed);
    for (std::int64_t i = 0; i < kLength; ++i) values.push_back(static_cast<double>(random.integer(-8, 8)));
    memory.assign(static_cast<std::size_t>(kLength * std::abs(stride)) * size_of(dtype), 0);
    kernels.f64.store(data(), dtype, stride, values.data(), kLength);
  }
  void* data() { return element(memory.data(), dtype, stride < 0 ? (kLength - 1) * -stride : 0); }
};

DType own_dtype(float) { return DType::kFloat32; }
DType own_dtype(double) { return DType::kFloat64; }

struct Layout {
  DType dtype;
  std::int64_t stride, gate_stride;
  bool gated, periodic;
};

std::vector<Layout> layouts(DType own) {
  std::vector<Layout> all;
  for (const DType dtype : {own, DType::kFloat16, DType::kBFloat16}) {
    for (const std::int64_t stride : {1, 3, -1}) {
      for (const bool gated : {false, true}) {
        for (const bool periodic : {false, true}) all.push_back({dtype, stride, stride == 1 ? 2 : 1, gated, periodic});
      }
    }
  }
  return all;
}

// Inside, over each end, over both, and outside.
constexpr struct {
  std::int64_t begin, count;
} kRanges[] = {{0, kLength}, {5, 128}, {-40, 60}, {250, 100}, {-10, 320}, {-100, 100}, {kLength, 50}, {-700, 20}, {900, 40}, {299, 1}};

LONGWING_ISA_SUITE(RowInput);

TEST_P(RowInput, IsConvertedGatedAndContinued) {
  for_each_table([]<class T>(const KernelTable<T>& table) {
    const RowIo<T> io(table);
    for (const Layout& layout : layouts(own_dtype(T()))) {
      Row row(*GetParam(), layout.dtype, layout.stride, 17), gate(*GetParam(), layout.dtype, layout.gate_stride, 18);
      const RowSource source{.data = row.data(),
                             .dtype = layout.dtype,
                             .stride = layout.stride,
                             .length = kLength,
                             .gate = layout.gated ? gate.data() : nullptr,
                             .gate_stride = layout.gate_stride,
                             .periodic = layout.periodic};
      for (const auto& [begin, count] : kRanges) {
        std::vector<T> expected(static_cast<std::size_t>(count));
        for (std::int64_t i = 0; i < count; ++i) {
          const auto at = static_cast<std::size_t>(((begin + i) % kLength + kLength) % kLength);
          const bool there = layout.periodic || (begin + i >= 0 && begin + i < kLength);
          if (there) expected[static_cast<std::size_t>(i)] = static_cast<T>(row.values[at] * (layout.gated ? gate.values[at] : 1));
        }
        std::vector<T> buffer(static_cast<std::size_t>(count), T(99)), copy = buffer;
        const T* const read = io.read(source, begin, count, buffer.data());
        const bool empty = !layout.periodic && (begin >= kLength || begin + count <= 0);
        EXPECT_EQ(read == nullptr, empty) << begin;
        if (read) {
          EXPECT_EQ(std::vector<T>(read, read + count), expected) << begin;
        }
        io.materialize(source, begin, count, copy.data());
        EXPECT_EQ(copy, expected) << begin;
      }
    }
  });
}

TEST_P(RowInput, IsTheCallersMemoryWhereItCanBe) {
  for_each_table([]<class T>(const KernelTable<T>& table) {
    const RowIo<T> io(table);
    std::vector<T> data(kLength), buffer(kLength);
    const RowSource source{.data = data.data(), .dtype = own_dtype(T()), .stride = 1, .length = kLength};
    EXPECT_EQ(io.read(source, 10, 50, buffer.data()), data.data() + 10);
    EXPECT_EQ(io.read(source, 251, 50, buffer.data()), buffer.data());
  });
}

TEST_P(RowInput, WindowIsAPartWithZerosAround) {
  for_each_table([]<class T>(const KernelTable<T>& table) {
    Row row(*GetParam(), DType::kFloat16, 2, 19), gate(*GetParam(), DType::kFloat16, -1, 20);
    const RowSource source{.data = row.data(),
                           .dtype = DType::kFloat16,
                           .stride = 2,
                           .length = kLength,
                           .gate = gate.data(),
                           .gate_stride = -1,
                           .periodic = true};
    std::vector<T> values(8);
    RowIo<T>(table).materialize(source.window(100, 4), -2, 8, values.data());
    const auto sample = [&](std::size_t i) { return static_cast<T>(row.values[i] * gate.values[i]); };
    EXPECT_EQ(values, (std::vector<T>{0, 0, sample(100), sample(101), sample(102), sample(103), 0, 0}));
  });
}

LONGWING_ISA_SUITE(RowOutput);

TEST_P(RowOutput, IsActivatedGatedAndConverted) {
  for_each_table([]<class T>(const KernelTable<T>& table) {
    const RowIo<T> io(table);
    for (const Layout& layout : layouts(own_dtype(T()))) {
      for (const Activation activation : {Activation::kNone, Activation::kSilu}) {
        Row row(*GetParam(), layout.dtype, layout.stride, 21), gate(*GetParam(), layout.dtype, layout.gate_stride, 22);
        const RowSink sink{.data = row.data(),
                           .dtype = layout.dtype,
                           .stride = layout.stride,
                           .length = kLength,
                           .gate = layout.gated ? gate.data() : nullptr,
                           .gate_stride = layout.gate_stride,
                           .activation = activation};
        for (const auto& [begin, count] : kRanges) {
          Row expected = row;
          std::vector<T> buffer(static_cast<std::size_t>(count)), value(1);
          for (std::int64_t i = 0; i < count; ++i) {
            buffer[static_cast<std::size_t>(i)] = value[0] = static_cast<T>(i % 7 - 3);
            if (begin + i < 0 || begin + i >= kLength) continue;
            table.activate(value.data(), nullptr, activation, 1);
            if (layout.gated) value[0] *= static_cast<T>(gate.values[static_cast<std::size_t>(begin + i)]);
            table.store(element(expected.data(), layout.dtype, (begin + i) * layout.stride), layout.dtype, 1, value.data(), 1);
          }
          T* const place = io.place(sink, begin, count, buffer.data());
          EXPECT_EQ(place == nullptr, begin >= kLength || begin + count <= 0) << begin;
          if (place && place != buffer.data()) std::copy(buffer.begin(), buffer.end(), place);
          if (place == buffer.data()) io.write(sink, begin, count, buffer.data());
          EXPECT_EQ(row.memory, expected.memory) << begin;
        }
      }
    }
  });
}

TEST_P(RowOutput, IsTheCallersMemoryOnlyWhereNothingIsLeftToDo) {
  for_each_table([]<class T>(const KernelTable<T>& table) {
    const RowIo<T> io(table);
    std::vector<T> data(kLength), buffer(kLength);
    const RowSink plain{.data = data.data(), .dtype = own_dtype(T()), .stride = 1, .length = kLength};
    EXPECT_EQ(io.place(plain, 10, 50, buffer.data()), data.data() + 10);
    EXPECT_EQ(io.place(plain, -1, 50, buffer.data()), buffer.data());
    RowSink gated = plain, activated = plain, strided = plain;
    gated.gate = data.data();
    activated.activation = Activation::kGelu;
    strided.stride = 2;
    for (const RowSink& sink : {gated, activated, strided}) EXPECT_EQ(io.place(sink, 10, 50, buffer.data()), buffer.data());
  });
}

}  // namespace
}  // namespace longwing::cpu
