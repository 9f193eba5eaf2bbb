/*
 * azulejo.h - the whole C ABI of libazulejo.
 *
 * Conventions
 *   - Every fallible function returns an azj_status: AZJ_OK (0) or one code per cause. azj_last_error() then gives the
 *     calling thread a sentence that says what was asked, what is wrong and what would be right. Nothing in this
 *     library exits, aborts, prints, or throws across this boundary.
 *   - Data is float32, dense, row-major (azj_bf16_*() say what theirs is). Images are NCHW: x[batch][channel][row][column]. Weights of a convolution are
 *     w[filter][channel / group][kernel row][kernel column]; of a dense layer w[output][input].
 *   - "device memory" is what azj_alloc() returned for the device of the stream; on AZJ_DEVICE_CPU it is host memory.
 *     Pointers to descriptors are host memory, read during the call. The caller owns every buffer; an operation never
 *     allocates. Operations that need scratch memory have a query, azj_<op>_workspace_bytes(), to be called first.
 *   - Buffers passed to one call must not overlap unless the operation says "in place allowed".
 *   - A stream runs its operations in the order of the calls. On the CPU each call returns when its work is done; on
 *     other devices it may return earlier and azj_synchronize() waits. A stream is used by one thread at a time;
 *     different streams may be used by different threads at once. Device functions may be called from any thread.
 *   - Results are deterministic: the same device, thread count, algorithms and input give the same bits. Where AUTO
 *     chooses an algorithm by measuring (CUDA), it does so once, keeps the choice, and leaves it in a file for later
 *     processes on the same model of GPU; name the algorithm to have the same one everywhere. The environment variable
 *     AZULEJO_CHOICES names the file's folder (empty: no file; default: azulejo in the user's cache folder), and
 *     AZULEJO_MEASURE=0 takes a choice without measuring.
 *   - Zero-sized problems are errors, never silently skipped. NaN and infinity pass through the arithmetic unchanged.
 */
#ifndef AZULEJO_H
#define AZULEJO_H

#include <stdint.h>

#if defined(__GNUC__)
#define AZJ_API __attribute__((visibility("default")))
#else
#define AZJ_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Raised whenever a declaration below changes its meaning or layout; Java compares it with the library at load. */
#define AZJ_ABI_VERSION 6

typedef enum azj_status {
  AZJ_OK = 0,
  AZJ_INVALID_ARGUMENT = 1,    /* a value, pointer, shape or descriptor that cannot be right */
  AZJ_OUT_OF_MEMORY = 2,       /* the device cannot give that much memory; everything else still works */
  AZJ_UNSUPPORTED = 3,         /* a valid problem that this backend or algorithm does not do; the text says which limit */
  AZJ_NO_DEVICE = 4,           /* no such device, or this build has no backend for it */
  AZJ_DEVICE_LOST = 5,         /* the device failed; later calls on it say so, other devices keep working */
  AZJ_WORKSPACE_TOO_SMALL = 6, /* fewer workspace bytes than the query asked for */
  AZJ_INTERNAL = 7             /* a defect in this library */
} azj_status;

typedef enum azj_device_kind {
  AZJ_DEVICE_CPU = 0,
  AZJ_DEVICE_CUDA = 1,
  AZJ_DEVICE_EMULATED = 2 /* the CUDA kernels executed on the host, in test builds of the library only */
} azj_device_kind;

typedef struct azj_device azj_device; /* a device: owns memory */
typedef struct azj_stream azj_stream; /* a queue of operations on a device; on the CPU also a team of threads */
typedef struct azj_event azj_event;   /* a point in a stream's work */
typedef struct azj_graph azj_graph;   /* operations of a stream, recorded once and run as a whole many times */

/* ---- library ------------------------------------------------------------------------------------------------- */

/* AZJ_ABI_VERSION of the library itself. */
AZJ_API int32_t azj_abi_version(void);

/* What this library is: version, backends built in. A static, NUL-terminated string. */
AZJ_API const char* azj_build_info(void);

/* The text of the calling thread's last failure, NUL-terminated, empty when there was none. Valid until the thread's
 * next failing call. */
AZJ_API const char* azj_last_error(void);

/* "OK", "INVALID_ARGUMENT", ... for a status code; "UNKNOWN" for any other number. */
AZJ_API const char* azj_status_name(int32_t status);

/* ---- devices, streams, memory --------------------------------------------------------------------------------- */

typedef struct azj_device_info {
  int32_t kind;               /* azj_device_kind */
  int32_t ordinal;            /* which device of that kind, from 0 */
  int32_t compute_units;      /* processors usable by this process (CPU) or multiprocessors (CUDA) */
  int32_t capability;         /* CUDA compute capability * 10, 0 on the CPU */
  uint64_t total_bytes;       /* memory of the device */
  uint64_t free_bytes;        /* of which free at the time of the call */
  char name[128];             /* the device's own name */
  char instruction_set[32];   /* what the kernels were chosen for: "avx512", "avx2", "portable", "sm_90" */
} azj_device_info;

/* How many devices of a kind there are; 0 (and AZJ_OK) where the build or the machine has none. */
AZJ_API azj_status azj_device_count(int32_t kind, int32_t* count);

/* Opens a device. On the CPU the environment variable AZULEJO_ISA (avx512, avx2 or portable) caps the instruction set;
 * asking for more than the processor has is an error. */
AZJ_API azj_status azj_device_open(int32_t kind, int32_t ordinal, azj_device** device);

/* Closes a device whose streams and events are closed and whose memory is freed, host memory too; otherwise
 * AZJ_INVALID_ARGUMENT, and the device stays open. NULL is allowed.
 *
 * A device that was lost (AZJ_DEVICE_LOST: a kernel read where nothing is, the hardware failed) says so in every later
 * call on it and its streams, except in those that give something back: azj_free(), azj_host_free(),
 * azj_stream_close(), azj_event_close(), azj_graph_close() and azj_device_close() then release what the library holds
 * and return AZJ_OK. CUDA lets no process use such a device again; a new process can. */
AZJ_API azj_status azj_device_close(azj_device* device);

AZJ_API azj_status azj_device_query(azj_device* device, azj_device_info* info);

/* Opens a stream. threads: size of the CPU team, 1..1024, or 0 for every processor usable by this process; other devices
 * take 0 only. */
AZJ_API azj_status azj_stream_open(azj_device* device, int32_t threads, azj_stream** stream);

/* Waits for the stream's work and closes it; also when the work failed, which the status then tells.
 * AZJ_INVALID_ARGUMENT, and the stream stays open, while it has open graphs. A recording that was not ended is
 * discarded. NULL is allowed. */
AZJ_API azj_status azj_stream_close(azj_stream* stream);

/* Threads of the stream's team (1 on devices that have none). */
AZJ_API azj_status azj_stream_threads(azj_stream* stream, int32_t* threads);

/* The CUstream behind a stream of AZJ_DEVICE_CUDA, for another library that works on the same memory in the same order;
 * makes the stream's device the calling thread's current one, as such a library expects. The stream stays this
 * library's: nobody else destroys it. AZJ_UNSUPPORTED on devices that have none. */
AZJ_API azj_status azj_stream_native(azj_stream* stream, void** native);

/* Waits until all work of the stream is done. */
AZJ_API azj_status azj_synchronize(azj_stream* stream);

/* Allocates bytes > 0 of device memory, aligned to 256 bytes, contents undefined. Any stream of the device may use it
 * at once. May wait for work that still uses memory freed before. */
AZJ_API azj_status azj_alloc(azj_device* device, uint64_t bytes, void** memory);

/* Frees what azj_alloc() of the same device returned. Work that the device's streams were given before the call may
 * still use the memory: it is given out again only after that work. NULL is allowed. */
AZJ_API azj_status azj_free(azj_device* device, void* memory);

/* Bytes now allocated on the device through azj_alloc(). */
AZJ_API azj_status azj_live_bytes(azj_device* device, uint64_t* bytes);

/* Copies host memory to the device, the device to host memory, and device memory to device memory (not overlapping).
 * bytes may be 0. When azj_upload() returns, the host memory may be reused; when azj_download() returns, it holds the
 * data. */
AZJ_API azj_status azj_upload(azj_stream* stream, void* device_dst, const void* host_src, uint64_t bytes);
AZJ_API azj_status azj_download(azj_stream* stream, void* host_dst, const void* device_src, uint64_t bytes);
AZJ_API azj_status azj_copy(azj_stream* stream, void* device_dst, const void* device_src, uint64_t bytes);

/* Host memory that the device copies from and to by itself (page-locked on CUDA), for the asynchronous copies below.
 * Aligned to 256 bytes, contents undefined. Page-locked memory is taken from the whole machine: allocate little. */
AZJ_API azj_status azj_host_alloc(azj_device* device, uint64_t bytes, void** memory);

/* Frees what azj_host_alloc() of the same device returned; waits for the copies under way. NULL is allowed. */
AZJ_API azj_status azj_host_free(azj_device* device, void* memory);

/* As azj_upload() and azj_download(), without waiting: the host memory must be from azj_host_alloc() of the stream's
 * device, and must not be changed (upload) or read (download) until the stream has come this far: azj_synchronize(),
 * azj_event_synchronize(). Recorded in a graph, the copy is made anew from or to the same host memory in every run. */
AZJ_API azj_status azj_upload_async(azj_stream* stream, void* device_dst, const void* host_src, uint64_t bytes);
AZJ_API azj_status azj_download_async(azj_stream* stream, void* host_dst, const void* device_src, uint64_t bytes);

/* ---- events ------------------------------------------------------------------------------------------------------
 * An event marks a point in a stream's work: to wait for it, to make another stream wait for it, and to measure time as
 * the device sees it. Streams and events of one call belong to one device. */

AZJ_API azj_status azj_event_open(azj_device* device, azj_event** event);

/* NULL is allowed. */
AZJ_API azj_status azj_event_close(azj_event* event);

/* The event is now the point after all work the stream was given so far. */
AZJ_API azj_status azj_event_record(azj_stream* stream, azj_event* event);

/* The host waits until the event's point is reached. AZJ_INVALID_ARGUMENT, here and in the next two, for an event that
 * was never recorded. */
AZJ_API azj_status azj_event_synchronize(azj_event* event);

/* Work given to the stream after this call starts when the event's point is reached. The host does not wait. */
AZJ_API azj_status azj_event_wait(azj_stream* stream, azj_event* event);

/* Milliseconds from one event's point to another's; the host waits for both. */
AZJ_API azj_status azj_event_elapsed(azj_event* start, azj_event* end, double* milliseconds);

/* ---- graphs --------------------------------------------------------------------------------------------------------
 * A training step of a small network is dozens of short kernels; starting each costs more than running it. A graph
 * records the step once and starts it as a whole. On the CPU, where a call is already a plain function call, these
 * functions are AZJ_UNSUPPORTED. */

/* Until azj_graph_end() the stream records its operations instead of running them. What must run at once cannot be
 * recorded and is AZJ_INVALID_ARGUMENT meanwhile: azj_synchronize(), azj_upload(), azj_download(), events. Waits for
 * the stream's work first. Run the step once without recording before: AUTO algorithms are then chosen. */
AZJ_API azj_status azj_graph_begin(azj_stream* stream);

/* Ends the recording, also when it fails. The graph holds the addresses it was recorded with. */
AZJ_API azj_status azj_graph_end(azj_stream* stream, azj_graph** graph);

/* Gives the recorded operations to the stream they were recorded on, in its order. AZJ_INVALID_ARGUMENT once memory
 * that the graph uses has been freed. */
AZJ_API azj_status azj_graph_launch(azj_graph* graph);

/* Operations recorded: kernels and copies. */
AZJ_API azj_status azj_graph_size(azj_graph* graph, int64_t* operations);

/* Waits for the stream's work and closes the graph. NULL is allowed. */
AZJ_API azj_status azj_graph_close(azj_graph* graph);

/* ---- elementwise and reductions --------------------------------------------------------------------------------- */

/* x[i] = value */
AZJ_API azj_status azj_fill(azj_stream* stream, int64_t count, float value, float* x);

/* x[i] = alpha * x[i] */
AZJ_API azj_status azj_scale(azj_stream* stream, int64_t count, float alpha, float* x);

/* y[i] = y[i] + alpha * x[i] */
AZJ_API azj_status azj_axpy(azj_stream* stream, int64_t count, float alpha, const float* x, float* y);

/* result[0] = alpha * sum x[i] + beta * result[0]; result is device memory and not read when beta is 0. */
AZJ_API azj_status azj_sum(azj_stream* stream, int64_t count, float alpha, const float* x, float beta, float* result);

/* ---- precision ----------------------------------------------------------------------------------------------------- */

/* What AUTO may round the factors of products to, at most; sums are float32. The CPU rounds nothing. */
typedef enum azj_precision {
  AZJ_FP32 = 0, /* not at all */
  AZJ_TF32 = 1, /* 10 bits of mantissa */
  AZJ_BF16 = 2  /* 7 bits of mantissa; TF32 where that is faster */
} azj_precision;

/* ---- GEMM ------------------------------------------------------------------------------------------------------- */

/* The rungs of the ladder, each kept and selectable; all but AUTO are CUDA kernels (AZJ_UNSUPPORTED on the CPU). */
typedef enum azj_gemm_algorithm {
  AZJ_GEMM_AUTO = 0,             /* the best this device has in `precision`; azj_gemm_choice() tells which */
  AZJ_GEMM_ONE_BLOCK = 1,        /* one block, a thread for each element of C, T4.4.1; m * n <= 1024 */
  AZJ_GEMM_ONE_BLOCK_SHARED = 2, /* the same with A and B in shared memory; m * n <= 1024 */
  AZJ_GEMM_GRID = 3,             /* a grid of tiles of C */
  AZJ_GEMM_TILED = 4,            /* tiles of C, with tiles of A and B in shared memory */
  AZJ_GEMM_REGISTER = 5,         /* tiles in registers, wide loads, asynchronous copies into two buffers */
  AZJ_GEMM_TENSOR_TF32 = 6,      /* tensor cores; A and B rounded to TF32 (10 bits of mantissa), float32 sums */
  AZJ_GEMM_TENSOR_BF16 = 7,      /* tensor cores; A and B rounded to BF16 (7 bits of mantissa), float32 sums */
  AZJ_GEMM_HOPPER_TF32 = 8,      /* as TENSOR_TF32 by wgmma and TMA; compute capability 9.0. Operands that do not lie
                                    along k on 16 bytes (transpose_a 0, transpose_b 1) are copied first, to memory that
                                    the stream keeps */
  AZJ_GEMM_HOPPER_BF16 = 9       /* as TENSOR_BF16, likewise; both operands are copied */
} azj_gemm_algorithm;

/* C = alpha * op(A) op(B) + beta * C with op(A) m x k, op(B) k x n, C m x n, all row-major.
 * A is stored m x k, or k x m when transpose_a is 1; lda is the distance between its stored rows. B likewise. */
typedef struct azj_gemm_desc {
  int64_t m, n, k;      /* each >= 1 */
  int64_t lda, ldb, ldc; /* >= the length of a stored row */
  int32_t transpose_a;  /* 0 or 1 */
  int32_t transpose_b;  /* 0 or 1 */
  float alpha;
  float beta;           /* 0: C is not read */
  int32_t algorithm;    /* azj_gemm_algorithm */
  int32_t precision;    /* azj_precision, of AZJ_GEMM_AUTO */
} azj_gemm_desc;

AZJ_API azj_status azj_gemm(azj_stream* stream, const azj_gemm_desc* desc, const float* a, const float* b, float* c);

/* batch >= 1 products of one shape: product i is that of a + i * stride_a, b + i * stride_b and c + i * stride_c,
 * strides in elements. stride_a or stride_b may be 0 (one matrix for all products); the C must not overlap. */
AZJ_API azj_status azj_gemm_batched(azj_stream* stream, const azj_gemm_desc* desc, int64_t batch, int64_t stride_a,
                                    int64_t stride_b, int64_t stride_c, const float* a, const float* b, float* c);

/* The algorithm azj_gemm_batched() will run with (batch 1: azj_gemm()). AZJ_GEMM_AUTO on the CPU, which has one. */
AZJ_API azj_status azj_gemm_choice(azj_stream* stream, const azj_gemm_desc* desc, int64_t batch, int32_t* algorithm);

/* ---- activations -------------------------------------------------------------------------------------------------- */

typedef enum azj_activation {
  AZJ_IDENTITY = 0,
  AZJ_RELU = 1,       /* max(z, 0), T(2.1); derivative 0 at 0; NaN stays NaN */
  AZJ_LEAKY_RELU = 2, /* z for z > 0, slope * z otherwise; 0 <= slope < 1 */
  AZJ_SIGMOID = 3,    /* 1 / (1 + exp(-z)), T(2.2) */
  AZJ_TANH = 4
} azj_activation;

/* y = activation(x). In place allowed (y == x). */
AZJ_API azj_status azj_activation_forward(azj_stream* stream, int32_t activation, float slope, int64_t count,
                                          const float* x, float* y);

/* grad_x = grad_y * activation'(z), written with the activation's output y, N(34). In place allowed
 * (grad_x == grad_y). */
AZJ_API azj_status azj_activation_backward(azj_stream* stream, int32_t activation, float slope, int64_t count,
                                           const float* y, const float* grad_y, float* grad_x);

/* y[r][c] = exp(x[r][c]) / sum_j exp(x[r][j]), stable for large x. In place allowed. */
AZJ_API azj_status azj_softmax_forward(azj_stream* stream, int64_t rows, int64_t classes, const float* x, float* y);

/* grad_x[r][c] = y[r][c] * (grad_y[r][c] - sum_j grad_y[r][j] y[r][j]). In place allowed (grad_x == grad_y). */
AZJ_API azj_status azj_softmax_backward(azj_stream* stream, int64_t rows, int64_t classes, const float* y,
                                        const float* grad_y, float* grad_x);

/* ---- convolution --------------------------------------------------------------------------------------------------- */

typedef enum azj_conv_algorithm {
  AZJ_CONV_AUTO = 0,        /* the best this device has in `precision`; azj_conv2d_algorithm() tells which */
  AZJ_CONV_DIRECT = 1,      /* a sum per output, no X_unroll */
  AZJ_CONV_IM2COL_GEMM = 2, /* W[M x C*R*S] * X_unroll[C*R*S x Hout*Wout], one X_unroll reused, row T15 */
  /* The same product with X_unroll made up on the fly, never stored. */
  AZJ_CONV_IMPLICIT_GEMM = 3,
  AZJ_CONV_IMPLICIT_GEMM_TF32 = 4, /* on tensor cores, inputs rounded to TF32 */
  AZJ_CONV_IMPLICIT_GEMM_BF16 = 5, /* on tensor cores, inputs rounded to BF16 */
  /* F(4x4, 3x3): 36 products for 144, with a larger rounding error (docs/numerics.md). 3x3 kernels with stride 1,
   * dilation 1 and one group. A NaN or an infinity reaches the whole 4x4 tile of outputs. */
  AZJ_CONV_WINOGRAD = 6,
  /* IMPLICIT_GEMM_TF32 by wgmma and TMA, compute capability 9.0. The operands are copied first to the workspace, as the
   * copy engine wants them. Strides up to 8, paddings up to 128, (kernel - 1) * dilation up to 255 and 128 beyond the
   * padding. */
  AZJ_CONV_HOPPER_TF32 = 7,
  AZJ_CONV_HOPPER_BF16 = 8, /* the same in BF16 */
  /* F(2x2, 3x3), CUDA only: 16 products for 36. Its rounding error lies between that of WINOGRAD, whose limits it has,
   * and that of the others; never chosen by AUTO. A NaN or an infinity reaches a 2x2 tile of outputs. */
  AZJ_CONV_WINOGRAD_2X2 = 9
} azj_conv_algorithm;

typedef enum azj_conv_pass { AZJ_CONV_FORWARD = 0, AZJ_CONV_GRAD_INPUT = 1, AZJ_CONV_GRAD_WEIGHTS = 2 } azj_conv_pass;

/* A 2-D cross-correlation of x[batch][channels][height][width] with w[filters][channels/groups][kernel_h][kernel_w]:
 *   z[n][m][p][q] = bias[m] + sum_{c,r,s} x[n][c][p*stride_h - pad_h + r*dilation_h][q*stride_w - pad_w + s*dilation_w]
 *                                         * w[m][c][r][s]                            N(20), T2.6.1; zero outside x
 *   y = activation(z)
 * with out_h = (height + 2*pad_h - dilation_h*(kernel_h - 1) - 1) / stride_h + 1, out_w likewise.
 * A 1-D convolution is the case height = kernel_h = stride_h = dilation_h = 1, pad_h = 0. */
typedef struct azj_conv2d_desc {
  int64_t batch, channels, height, width; /* >= 1 */
  int64_t filters, kernel_h, kernel_w;    /* >= 1; the dilated kernel fits the padded input */
  int64_t stride_h, stride_w;             /* >= 1 */
  int64_t pad_h, pad_w;                   /* >= 0, rows and columns of zeros on each side */
  int64_t dilation_h, dilation_w;         /* >= 1 */
  int64_t groups;                         /* >= 1; divides channels and filters */
  int64_t samples_per_unroll;             /* samples of the batch unrolled at a time by IM2COL_GEMM; 0: one a thread */
  int32_t algorithm;                      /* azj_conv_algorithm */
  int32_t activation;                     /* azj_activation, applied by the forward pass only */
  float slope;                            /* of AZJ_LEAKY_RELU */
  int32_t precision;                      /* azj_precision, of AZJ_CONV_AUTO */
} azj_conv2d_desc;

/* Output rows and columns; also checks the descriptor. */
AZJ_API azj_status azj_conv2d_output_size(const azj_conv2d_desc* desc, int64_t* out_h, int64_t* out_w);

/* The algorithm a pass will run with (never AZJ_CONV_AUTO). */
AZJ_API azj_status azj_conv2d_algorithm(azj_stream* stream, const azj_conv2d_desc* desc, int32_t pass,
                                        int32_t* algorithm);

/* Workspace a pass needs on this stream, in bytes, possibly 0. With an algorithm that is named, not AUTO, what a batch
 * needs suffices for every smaller one. */
AZJ_API azj_status azj_conv2d_workspace_bytes(azj_stream* stream, const azj_conv2d_desc* desc, int32_t pass,
                                              uint64_t* bytes);

/* y = activation(conv(x, w) + bias); bias[filters] may be NULL. */
AZJ_API azj_status azj_conv2d_forward(azj_stream* stream, const azj_conv2d_desc* desc, const float* x, const float* w,
                                      const float* bias, float* y, void* workspace, uint64_t workspace_bytes);

/* grad_x = sum pad(grad_z) * flipped w, N(46), T(3.95)-T(3.201). Taps on the padding are never computed. */
AZJ_API azj_status azj_conv2d_grad_input(azj_stream* stream, const azj_conv2d_desc* desc, const float* grad_z,
                                         const float* w, float* grad_x, void* workspace, uint64_t workspace_bytes);

/* grad_w = x cross-correlated with grad_z, summed over the batch, N(30). */
AZJ_API azj_status azj_conv2d_grad_weights(azj_stream* stream, const azj_conv2d_desc* desc, const float* x,
                                           const float* grad_z, float* grad_w, void* workspace,
                                           uint64_t workspace_bytes);

/* grad_bias[m] = sum_{n,p,q} grad_z[n][m][p][q]. */
AZJ_API azj_status azj_conv2d_grad_bias(azj_stream* stream, const azj_conv2d_desc* desc, const float* grad_z,
                                        float* grad_bias);

/* X_unroll of the whole batch, [batch][channels*kernel_h*kernel_w][out_h*out_w], T4.1. */
AZJ_API azj_status azj_im2col(azj_stream* stream, const azj_conv2d_desc* desc, const float* x, float* x_unroll);

/* The adjoint of azj_im2col: x = sum of the unrolled elements that came from it. Overwrites x. */
AZJ_API azj_status azj_col2im(azj_stream* stream, const azj_conv2d_desc* desc, const float* x_unroll, float* x);

/* ---- pooling ---------------------------------------------------------------------------------------------------------- */

typedef enum azj_pool_mode { AZJ_POOL_MAX = 0, AZJ_POOL_MEAN = 1 } azj_pool_mode;

/* y[n][c][p][q] = max or mean of x[n][c] over rows p*stride_h - pad_h .. + window_h - 1 and columns likewise, taps on the
 * padding left out, N(22)-N(24), T(2.9)-T(2.16). out_h = (height + 2*pad_h - window_h) / stride_h + 1, out_w likewise. */
typedef struct azj_pool2d_desc {
  int64_t batch, channels, height, width; /* >= 1; height * width < 2^31 */
  int64_t window_h, window_w;             /* >= 1; fits the padded input */
  int64_t stride_h, stride_w;             /* >= 1 */
  int64_t pad_h, pad_w;                   /* >= 0 and < the window, so that every window touches x */
  int32_t mode;                           /* azj_pool_mode */
  int32_t count_padding;                  /* AZJ_POOL_MEAN: 1 divides by window_h*window_w, 0 by the taps inside x */
} azj_pool2d_desc;

AZJ_API azj_status azj_pool2d_output_size(const azj_pool2d_desc* desc, int64_t* out_h, int64_t* out_w);

/* argmax[n][c][p][q] is row * width + column of the maximum (the first one; a NaN counts as the maximum); required for
 * AZJ_POOL_MAX when the backward pass follows, otherwise may be NULL. */
AZJ_API azj_status azj_pool2d_forward(azj_stream* stream, const azj_pool2d_desc* desc, const float* x, float* y,
                                      int32_t* argmax);

/* grad_x, overwritten. argmax is that of the forward pass (AZJ_POOL_MAX; ignored for AZJ_POOL_MEAN). */
AZJ_API azj_status azj_pool2d_backward(azj_stream* stream, const azj_pool2d_desc* desc, const float* grad_y,
                                       const int32_t* argmax, float* grad_x);

/* ---- convolution and max pooling in one operation ------------------------------------------------------------------------
 * Convolution, bias, activation, and max pooling by 2x2 windows with stride 2 and no padding: the block that most small
 * networks are made of. The convolution's output, four times the result, is not part of the call. Windows that would
 * reach beyond it are left out, as in azj_pool2d_forward(): an odd last row or column takes no part.
 *
 * On the CPU, IMPLICIT_GEMM and WINOGRAD pool what they have just computed, and DIRECT and IM2COL_GEMM keep a plane or a
 * few samples of the convolution's output in the workspace. On CUDA, the WINOGRADs, unless the kernel is 1x1
 * IMPLICIT_GEMM, and up to a stride of 4 along the height the HOPPERs pool in their epilogue; for the others the
 * workspace holds all of the convolution's output, and a second kernel pools. */

/* What azj_conv2d_pool_forward() runs; as azj_conv2d_algorithm(). AUTO takes what is the best together with the pooling,
 * which may not be what it takes for AZJ_CONV_FORWARD alone. */
AZJ_API azj_status azj_conv2d_pool_algorithm(azj_stream* stream, const azj_conv2d_desc* desc, int32_t* algorithm);

/* Workspace azj_conv2d_pool_forward() needs on this stream, in bytes, possibly 0; for smaller batches as
 * azj_conv2d_workspace_bytes(). */
AZJ_API azj_status azj_conv2d_pool_workspace_bytes(azj_stream* stream, const azj_conv2d_desc* desc, uint64_t* bytes);

/* y[n][m][p][q] = the maximum of activation(z[n][m]) over rows 2p, 2p + 1 and columns 2q, 2q + 1, with z as in
 * azj_conv2d_desc: rows out_h / 2 and columns out_w / 2, rounded down, both >= 1; out_h * out_w < 2^31.
 * argmax[n][m][p][q] is row * out_w + column of the maximum (the first one; a NaN counts as the maximum). argmax may be
 * NULL where no backward pass follows; bias may be NULL. The same bits as azj_conv2d_forward() with the same algorithm and
 * azj_pool2d_forward() after it. */
AZJ_API azj_status azj_conv2d_pool_forward(azj_stream* stream, const azj_conv2d_desc* desc, const float* x,
                                           const float* w, const float* bias, float* y, int32_t* argmax,
                                           void* workspace, uint64_t workspace_bytes);

/* From the gradient to y that to z, in one pass: grad_z[n][m][argmax] = grad_y * activation'(z), written with the
 * output y, N(34), and 0 everywhere else. grad_bias[m] = sum_{n,p,q} grad_z[n][m][p][q]; it may be NULL. y and argmax
 * are those of the forward pass; azj_conv2d_grad_weights() and azj_conv2d_grad_input() go on from grad_z. */
AZJ_API azj_status azj_conv2d_pool_backward(azj_stream* stream, const azj_conv2d_desc* desc, const float* y,
                                            const int32_t* argmax, const float* grad_y, float* grad_z,
                                            float* grad_bias);

/* ---- dense -------------------------------------------------------------------------------------------------------------- */

/* y[n][o] = activation(bias[o] + sum_i x[n][i] w[o][i]), T4.3. */
typedef struct azj_dense_desc {
  int64_t batch, inputs, outputs; /* >= 1 */
  int32_t activation;             /* azj_activation, applied by the forward pass only */
  float slope;                    /* of AZJ_LEAKY_RELU */
  int32_t precision;              /* azj_precision */
  int32_t reserved;               /* 0 */
} azj_dense_desc;

/* bias may be NULL. */
AZJ_API azj_status azj_dense_forward(azj_stream* stream, const azj_dense_desc* desc, const float* x, const float* w,
                                     const float* bias, float* y);

/* grad_x[n][i] = sum_o grad_z[n][o] w[o][i] */
AZJ_API azj_status azj_dense_grad_input(azj_stream* stream, const azj_dense_desc* desc, const float* grad_z,
                                        const float* w, float* grad_x);

/* grad_w[o][i] = sum_n grad_z[n][o] x[n][i] */
AZJ_API azj_status azj_dense_grad_weights(azj_stream* stream, const azj_dense_desc* desc, const float* x,
                                          const float* grad_z, float* grad_w);

/* grad_bias[o] = sum_n grad_z[n][o] */
AZJ_API azj_status azj_dense_grad_bias(azj_stream* stream, const azj_dense_desc* desc, const float* grad_z,
                                       float* grad_bias);

/* ---- losses ----------------------------------------------------------------------------------------------------------------
 * losses[r] is the loss of row r; grad, when not NULL, is grad_scale * d losses[r] / d input (1 / rows gives the gradient
 * of the mean). In place allowed (grad == the input). */

/* losses[r] = log(sum_j exp(x[r][j])) - x[r][labels[r]], T(2.3); grad = softmax(x) - onehot, T(3.26), fused and stable.
 * A label outside 0..classes-1 makes losses[r] and the row's gradient NaN (device memory cannot be checked here; Java
 * checks labels when data is loaded). */
AZJ_API azj_status azj_softmax_cross_entropy(azj_stream* stream, int64_t rows, int64_t classes, const float* x,
                                             const int32_t* labels, float grad_scale, float* losses, float* grad);

/* losses[r] = sum_c max(x,0) - x*t + log(1 + exp(-|x|)), the binary cross-entropy of sigmoid(x) and targets t in 0..1,
 * T(2.4); grad = sigmoid(x) - t. */
AZJ_API azj_status azj_sigmoid_cross_entropy(azj_stream* stream, int64_t rows, int64_t classes, const float* x,
                                             const float* targets, float grad_scale, float* losses, float* grad);

/* losses[r] = 1/columns * sum_c (x - t)^2; grad = 2/columns * (x - t). */
AZJ_API azj_status azj_mean_squared_error(azj_stream* stream, int64_t rows, int64_t columns, const float* x,
                                          const float* targets, float grad_scale, float* losses, float* grad);

/* predictions[r] = the first column with the row's largest value (a NaN counts as largest); hits[r], when not NULL, is 1
 * where that equals labels[r], else 0. labels may be NULL when hits is. */
AZJ_API azj_status azj_argmax(azj_stream* stream, int64_t rows, int64_t classes, const float* x, const int32_t* labels,
                              int32_t* predictions, float* hits);

/* ---- optimisers ----------------------------------------------------------------------------------------------------------
 * One call updates every parameter of a network laid out in one buffer. The settings lie in DEVICE memory, so that a
 * captured step can be replayed while a learning-rate schedule changes them. */

/* g' = g + weight_decay * w; v = momentum * v + g'; w -= learning_rate * (nesterov ? g' + momentum * v : v). T(2.6) */
typedef struct azj_sgd_settings {
  float learning_rate;
  float momentum;     /* 0: v is not read or written and may be NULL */
  float weight_decay;
  float nesterov;     /* 0 or 1 */
} azj_sgd_settings;

AZJ_API azj_status azj_sgd(azj_stream* stream, const azj_sgd_settings* settings, int64_t count, const float* g, float* w,
                           float* v);

/* Kingma and Ba 2015, Algorithm 1; with decoupled = 1 Loshchilov and Hutter 2019 (AdamW).
 * g' = g + (decoupled ? 0 : weight_decay * w); m = beta1 m + (1 - beta1) g'; v = beta2 v + (1 - beta2) g'^2;
 * w -= learning_rate * (m * correction1 / (sqrt(v * correction2) + epsilon) + (decoupled ? weight_decay * w : 0)) */
typedef struct azj_adam_settings {
  float learning_rate;
  float beta1;
  float beta2;
  float epsilon;
  float weight_decay;
  float decoupled;    /* 0 or 1 */
  float correction1;  /* 1 / (1 - beta1^step), step from 1 */
  float correction2;  /* 1 / (1 - beta2^step) */
} azj_adam_settings;

AZJ_API azj_status azj_adam(azj_stream* stream, const azj_adam_settings* settings, int64_t count, const float* g, float* w,
                            float* m, float* v);

/* ---- mini-batches from a data set on the device -----------------------------------------------------------------
 * A data set stays on the device as bytes; a list of items, uploaded once an epoch, says in which order its samples
 * come and how each is augmented. */

typedef struct azj_gather_item {
  int32_t index;  /* of the sample, 0..samples-1 */
  int16_t down;   /* rows and columns by which the image is moved, < 0 up and left; */
  int16_t right;  /* |down| < height and |right| < width */
  int32_t mirror; /* 1: then mirrored left to right; else 0 */
} azj_gather_item;

typedef enum azj_border {
  AZJ_BORDER_ZERO = 0,  /* what comes into view is 0 before normalisation */
  AZJ_BORDER_MIRROR = 1 /* ... is the image mirrored at its edge, the edge itself not repeated */
} azj_border;

typedef struct azj_gather_desc {
  int64_t batch;                   /* samples to gather, >= 1 */
  int64_t channels, height, width; /* of a sample, >= 1; height and width < 2^15 */
  int64_t samples;                 /* in the data set, >= 1 and < 2^31 */
  int64_t items;                   /* in the list, >= 1 */
  int32_t border;                  /* azj_border */
  int32_t reserved;                /* 0 */
} azj_gather_desc;

/* Sample i of the batch is item next[0] + i of the list:
 *   x[i][c][row][column] = (pixels[index][c][row - down][column' - right] / 255 - mean[c]) * scale[c]
 *   y[i] = labels[index]                 with column' = mirror ? width - 1 - column : column
 * and then next[0] += batch, so that the same call, replayed by a graph, gathers the next batch. mean and scale (1 /
 * standard deviation), one for each channel, are both NULL or both not; so are labels and y. An item beyond the list or
 * a sample beyond the data set gives NaN and the label -1. All pointers but desc are device memory. */
AZJ_API azj_status azj_gather(azj_stream* stream, const azj_gather_desc* desc, const uint8_t* pixels,
                              const int32_t* labels, const azj_gather_item* items, int64_t* next, const float* mean,
                              const float* scale, float* x, int32_t* y);

/* out[c] = table[next[0]][c] for a table of rows x columns, and then next[0] += 1, so that the same call, replayed by a
 * graph, gives the next row: the settings of an optimiser under a learning-rate schedule, uploaded once an epoch. A row
 * that the table does not have gives NaN. All pointers are device memory. */
AZJ_API azj_status azj_select(azj_stream* stream, int64_t rows, int64_t columns, const float* table, int64_t* next,
                              float* out);

/* ---- BF16, channels last ---------------------------------------------------------------------------------------------
 * The operations of a training step on activations, gradients and copies of the weights in BF16: half of the bytes, in
 * the layout that Hopper's copy engine reads without a copy before. Sums are float32, and so are biases, the weights that
 * the optimiser holds, and their gradients. BF16 has the range of float32, so gradients need no scale.
 *
 * An image is x[batch][row][column][pitch]: the channels of a pixel side by side, and zeros up to pitch, the next multiple
 * of 8. Weights of a convolution are w[filter][kernel row][kernel column][pitch of the channels]. What an operation writes
 * has zeros there again. A dense layer is a convolution of 1x1 images; after images of height x width, one whose kernel
 * covers them. BF16 buffers begin on 16 bytes, argmax on 8.
 *
 * CUDA devices only. Convolutions and products need compute capability 9.0 (wgmma and TMA), one group, and an algorithm
 * that is AUTO or HOPPER_BF16 with its limits on strides and paddings; all else is AZJ_UNSUPPORTED. */

/* The upper half of a float32: 1 bit of sign, 8 of exponent, 7 of mantissa. Rounded to nearest, ties to even. */
typedef uint16_t azj_bf16;

/* packed[row][position][channel] = bf16(x[row][channel][position]). Images: batch rows, height * width positions.
 * Weights: filters rows, kernel_h * kernel_w positions; NaN stays NaN. */
AZJ_API azj_status azj_bf16_pack(azj_stream* stream, int64_t rows, int64_t channels, int64_t positions, const float* x,
                                 azj_bf16* packed);

/* x[row][channel][position] = packed[row][position][channel]. */
AZJ_API azj_status azj_bf16_unpack(azj_stream* stream, int64_t rows, int64_t channels, int64_t positions,
                                   const azj_bf16* packed, float* x);

/* C = alpha * op(A) op(B) + beta * C, all three in BF16 and without padding; the strides between rows are multiples of 8.
 * An operand that does not lie along k (transpose_a 1, transpose_b 0) is read as it is. */
AZJ_API azj_status azj_bf16_gemm(azj_stream* stream, const azj_gemm_desc* desc, const azj_bf16* a, const azj_bf16* b,
                                 azj_bf16* c);

/* Workspace a pass needs on this stream, in bytes, possibly 0; what a batch needs suffices for every smaller one. */
AZJ_API azj_status azj_bf16_conv2d_workspace_bytes(azj_stream* stream, const azj_conv2d_desc* desc, int32_t pass,
                                                   uint64_t* bytes);

/* y = activation(conv(x, w) + bias); bias[filters] may be NULL. */
AZJ_API azj_status azj_bf16_conv2d_forward(azj_stream* stream, const azj_conv2d_desc* desc, const azj_bf16* x,
                                           const azj_bf16* w, const float* bias, azj_bf16* y, void* workspace,
                                           uint64_t workspace_bytes);

/* grad_x, as azj_conv2d_grad_input(). */
AZJ_API azj_status azj_bf16_conv2d_grad_input(azj_stream* stream, const azj_conv2d_desc* desc, const azj_bf16* grad_z,
                                              const azj_bf16* w, azj_bf16* grad_x, void* workspace,
                                              uint64_t workspace_bytes);

/* grad_w[filters][channels][kernel_h][kernel_w] in float32, in the order of azj_conv2d_grad_weights(). */
AZJ_API azj_status azj_bf16_conv2d_grad_weights(azj_stream* stream, const azj_conv2d_desc* desc, const azj_bf16* x,
                                                const azj_bf16* grad_z, float* grad_w, void* workspace,
                                                uint64_t workspace_bytes);

/* grad_z = grad_y * activation'(z), with activation' from y as in azj_activation_backward(), and in the same pass
 * grad_bias[channel] = the sum of grad_z, before it is rounded, over all pixels; grad_bias may be NULL. In place allowed
 * (grad_z = grad_y). */
AZJ_API azj_status azj_bf16_activation_backward(azj_stream* stream, int32_t activation, float slope, int64_t pixels,
                                                int64_t channels, const azj_bf16* y, const azj_bf16* grad_y,
                                                azj_bf16* grad_z, float* grad_bias);

/* Workspace azj_bf16_conv2d_pool_forward() needs on this stream, in bytes, possibly 0; what a batch needs suffices for
 * every smaller one. */
AZJ_API azj_status azj_bf16_conv2d_pool_workspace_bytes(azj_stream* stream, const azj_conv2d_desc* desc,
                                                        uint64_t* bytes);

/* As azj_conv2d_pool_forward(): the maxima of activation(conv(x, w) + bias) over 2x2 windows with stride 2, and
 * argmax[n][p][q][m], the tap 2 * row + column of the window's maximum, 0 beyond the filters. argmax and bias may be NULL.
 * The same bits as azj_bf16_conv2d_forward() and azj_bf16_pool2d_forward() after it. The stride along the height is at
 * most 4; for all limits see the message of AZJ_UNSUPPORTED. */
AZJ_API azj_status azj_bf16_conv2d_pool_forward(azj_stream* stream, const azj_conv2d_desc* desc, const azj_bf16* x,
                                                const azj_bf16* w, const float* bias, azj_bf16* y, uint8_t* argmax,
                                                void* workspace, uint64_t workspace_bytes);

/* As azj_conv2d_pool_backward(): grad_z[n][row][column][m] = grad_y * activation'(z) at the window's maximum, and 0
 * everywhere else. grad_bias[m] = the sum of grad_z, before it is rounded; it may be NULL. On every CUDA device. */
AZJ_API azj_status azj_bf16_conv2d_pool_backward(azj_stream* stream, const azj_conv2d_desc* desc, const azj_bf16* y,
                                                 const uint8_t* argmax, const azj_bf16* grad_y, azj_bf16* grad_z,
                                                 float* grad_bias);

/* As azj_pool2d_forward(), with argmax the tap, row * window_w + column of the window, in the layout of y; windows of at
 * most 256 taps. A mean is summed in float32. */
AZJ_API azj_status azj_bf16_pool2d_forward(azj_stream* stream, const azj_pool2d_desc* desc, const azj_bf16* x, azj_bf16* y,
                                           uint8_t* argmax);

/* As azj_pool2d_backward(). Where windows overlap, gradients are summed in float32. */
AZJ_API azj_status azj_bf16_pool2d_backward(azj_stream* stream, const azj_pool2d_desc* desc, const azj_bf16* grad_y,
                                            const uint8_t* argmax, azj_bf16* grad_x);

/* ---- random numbers ----------------------------------------------------------------------------------------------
 * Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): a number is a function of the
 * seed and its position in the sequence, so every device gives the same ones. The state lies in DEVICE memory, and each
 * call moves it on, so that a replayed graph draws new numbers. */

typedef struct azj_random_state {
  uint64_t seed;
  uint64_t position; /* of the next number; raised by count */
} azj_random_state;

/* x[i] = low + (high - low) * u, u a multiple of 2^-24, 0 inclusive to 1 exclusive: the upper 24 bits of word
 * (position + i) % 4 of block (position + i) / 4. */
AZJ_API azj_status azj_random_uniform(azj_stream* stream, azj_random_state* state, int64_t count, float low, float high,
                                      float* x);

/* x[i] = mean + deviation * n, n normally distributed: Box and Muller's transform of words 0 and 1, or 2 and 3, of a
 * block. Devices round its logarithm and cosine differently, in the last digits. */
AZJ_API azj_status azj_random_normal(azj_stream* stream, azj_random_state* state, int64_t count, float mean,
                                     float deviation, float* x);

#ifdef __cplusplus
}
#endif

#endif /* AZULEJO_H */
