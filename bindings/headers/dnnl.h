/* What the bindings of oneDNN are made from: its C API, and the function of OpenMP that sets how many threads a build of
 * oneDNN with OpenMP computes with (OpenMP 5.2, 18.2.1). */
#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_debug.h>

void omp_set_num_threads(int threads);
