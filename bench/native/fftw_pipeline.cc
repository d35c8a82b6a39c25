// Causal convolution by FFTW, fused row by row: each row is padded, transformed, multiplied and transformed back while it is in
// the cache. What a careful C++ program would do with FFTW; the bench calls it beside the others.
#include <fftw3.h>

#include <complex>
#include <cstdint>
#include <cstring>

namespace {

template <class T>
struct Fftw;

// FFTW's interface is one set of names a precision: here each name once.
template <>
struct Fftw<float> {
  using Plan = fftwf_plan;
  using Complex = fftwf_complex;
  static constexpr auto plan_forward = fftwf_plan_dft_r2c_1d;
  static constexpr auto plan_inverse = fftwf_plan_dft_c2r_1d;
  static constexpr auto execute = fftwf_execute;
  static constexpr auto destroy = fftwf_destroy_plan;
  static constexpr auto load = fftwf_import_wisdom_from_filename;
  static constexpr auto save = fftwf_export_wisdom_to_filename;
};

template <>
struct Fftw<double> {
  using Plan = fftw_plan;
  using Complex = fftw_complex;
  static constexpr auto plan_forward = fftw_plan_dft_r2c_1d;
  static constexpr auto plan_inverse = fftw_plan_dft_c2r_1d;
  static constexpr auto execute = fftw_execute;
  static constexpr auto destroy = fftw_destroy_plan;
  static constexpr auto load = fftw_import_wisdom_from_filename;
  static constexpr auto save = fftw_export_wisdom_to_filename;
};

template <class T>
class Buffer {
 public:
  explicit Buffer(std::int64_t count) : data_(static_cast<T*>(fftwf_malloc(static_cast<std::size_t>(count) * sizeof(T)))) {
    std::memset(static_cast<void*>(data_), 0, static_cast<std::size_t>(count) * sizeof(T));
  }
  ~Buffer() { fftwf_free(data_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  T* data() const { return data_; }

 private:
  T* data_;
};

struct Shape {
  std::int64_t batch, channels, length, taps, transform;
};

class AnyPipeline {
 public:
  virtual ~AnyPipeline() = default;
  virtual void full(const void* u, const void* k, void* y) = 0;
  virtual void keep_spectra(const void* k) = 0;
  virtual void cached(const void* u, void* y) = 0;
};

template <class T>
class Pipeline final : public AnyPipeline {
 public:
  explicit Pipeline(const Shape& shape)
      : shape_(shape),
        row_(shape.transform),
        taps_(shape.transform),
        product_(bins()),
        filter_(bins()),
        spectra_(shape.channels * bins()),
        result_(shape.transform) {
    const int n = static_cast<int>(shape.transform);
    forward_ = Fftw<T>::plan_forward(n, row_.data(), complex(product_), FFTW_MEASURE);
    filter_forward_ = Fftw<T>::plan_forward(n, taps_.data(), complex(filter_), FFTW_MEASURE);
    inverse_ = Fftw<T>::plan_inverse(n, complex(product_), result_.data(), FFTW_MEASURE);
    // Planning writes to the buffers, and the transforms keep the zeros behind a row.
    std::memset(row_.data(), 0, static_cast<std::size_t>(shape.transform) * sizeof(T));
    std::memset(taps_.data(), 0, static_cast<std::size_t>(shape.transform) * sizeof(T));
  }
  ~Pipeline() override {
    for (auto plan : {forward_, filter_forward_, inverse_}) Fftw<T>::destroy(plan);
  }
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  void full(const void* u, const void* k, void* y) override {
    for (std::int64_t h = 0; h < shape_.channels; ++h) {
      transform_filter(k, h, filter_.data());
      convolve_channel(h, u, filter_.data(), y);
    }
  }

  void keep_spectra(const void* k) override {
    for (std::int64_t h = 0; h < shape_.channels; ++h) transform_filter(k, h, spectra_.data() + h * bins());
  }

  void cached(const void* u, void* y) override {
    for (std::int64_t h = 0; h < shape_.channels; ++h) convolve_channel(h, u, spectra_.data() + h * bins(), y);
  }

 private:
  using Bin = std::complex<T>;

  std::int64_t bins() const { return shape_.transform / 2 + 1; }
  static typename Fftw<T>::Complex* complex(const Buffer<Bin>& bins) { return reinterpret_cast<typename Fftw<T>::Complex*>(bins.data()); }

  void transform_filter(const void* k, std::int64_t channel, Bin* spectrum) {
    std::memcpy(taps_.data(), static_cast<const T*>(k) + channel * shape_.taps, static_cast<std::size_t>(shape_.taps) * sizeof(T));
    Fftw<T>::execute(filter_forward_);
    const T scale = T(1) / static_cast<T>(shape_.transform);
    for (std::int64_t i = 0; i < bins(); ++i) spectrum[i] = filter_.data()[i] * scale;
  }

  void convolve_channel(std::int64_t channel, const void* u, const Bin* spectrum, void* y) {
    const auto bytes = static_cast<std::size_t>(shape_.length) * sizeof(T);
    for (std::int64_t b = 0; b < shape_.batch; ++b) {
      const std::int64_t first = (b * shape_.channels + channel) * shape_.length;
      std::memcpy(row_.data(), static_cast<const T*>(u) + first, bytes);
      Fftw<T>::execute(forward_);
      Bin* const product = product_.data();
      for (std::int64_t i = 0; i < bins(); ++i) product[i] *= spectrum[i];
      Fftw<T>::execute(inverse_);
      std::memcpy(static_cast<T*>(y) + first, result_.data(), bytes);
    }
  }

  Shape shape_;
  Buffer<T> row_, taps_;
  Buffer<Bin> product_, filter_, spectra_;
  Buffer<T> result_;
  typename Fftw<T>::Plan forward_, filter_forward_, inverse_;
};

}  // namespace

extern "C" {

const char* longwing_bench_fftw_version() { return fftwf_version; }
const char* longwing_bench_fftw_compiler() { return fftwf_cc; }

/// What earlier runs measured, so that planning a length takes its time once. Absent files are no error: there is nothing to load.
void longwing_bench_fftw_load(const char* single_file, const char* double_file) {
  Fftw<float>::load(single_file);
  Fftw<double>::load(double_file);
}

int longwing_bench_fftw_save(const char* single_file, const char* double_file) {
  return Fftw<float>::save(single_file) && Fftw<double>::save(double_file);
}

void* longwing_bench_fftw_make(int double_precision, std::int64_t batch, std::int64_t channels, std::int64_t length, std::int64_t taps,
                               std::int64_t transform) {
  const Shape shape{batch, channels, length, taps, transform};
  if (double_precision) return static_cast<AnyPipeline*>(new Pipeline<double>(shape));
  return static_cast<AnyPipeline*>(new Pipeline<float>(shape));
}

void longwing_bench_fftw_drop(void* pipeline) { delete static_cast<AnyPipeline*>(pipeline); }
void longwing_bench_fftw_full(void* pipeline, const void* u, const void* k, void* y) { static_cast<AnyPipeline*>(pipeline)->full(u, k, y); }
void longwing_bench_fftw_keep(void* pipeline, const void* k) { static_cast<AnyPipeline*>(pipeline)->keep_spectra(k); }
void longwing_bench_fftw_cached(void* pipeline, const void* u, void* y) { static_cast<AnyPipeline*>(pipeline)->cached(u, y); }
}
