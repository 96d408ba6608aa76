/*
 * LAPACKE is looked up when it is needed, not linked: the inverse is one optional method, and
 * OpenBLAS would cost every run its start-up and memory.
 */
#include <dlfcn.h>
#include <stddef.h>

#include <lapacke.h>

#include "tools/mine/learn_private.h"

typedef lapack_int factor_fn(int layout, char half, lapack_int n, float *a, lapack_int lda);

/* A function found by name; ISO C has no cast from an object pointer to one. */
union symbol {
	void *object;
	factor_fn *factor;
	void (*set_threads)(int);
};

static int invert(void *library, float *matrix, uint32_t n, int threads, struct gw_err *err)
{
	union symbol factor = {dlsym(library, "LAPACKE_spotrf")};
	union symbol inverse = {dlsym(library, "LAPACKE_spotri")};
	union symbol set_threads = {dlsym(library, "openblas_set_num_threads")};
	lapack_int order = (lapack_int)n, rc;

	if (factor.object == NULL || inverse.object == NULL)
		return gw_err_set(err, GW_E_UNSUPPORTED, "LAPACKE lacks spotrf or spotri");
	if (set_threads.object != NULL)
		set_threads.set_threads(threads);
	/* Our rows are LAPACK's columns, so our lower half is its upper one; nothing is copied. */
	rc = factor.factor(LAPACK_COL_MAJOR, 'U', order, matrix, order);
	if (rc == 0)
		rc = inverse.factor(LAPACK_COL_MAJOR, 'U', order, matrix, order);
	return rc == 0 ? GW_OK
		       : gw_err_set(err, GW_E_INPUT,
				    "the co-occurrence matrix cannot be inverted (%d)", (int)rc);
}

int gw_lapack_invert(float *matrix, uint32_t n, int threads, struct gw_err *err)
{
	static const char *const names[] = {"liblapacke.so.3", "liblapacke.so", "libopenblas.so.0"};
	void *library = NULL;
	int rc;

	if (n == 0)
		return GW_OK;
	for (size_t i = 0; library == NULL && i < sizeof(names) / sizeof(names[0]); i++)
		library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	if (library == NULL)
		return gw_err_set(err, GW_E_UNSUPPORTED,
				  "--method dense needs LAPACKE (Debian: liblapacke); --method "
				  "sparse does without");
	rc = invert(library, matrix, n, threads, err);
	/* Never closed: OpenBLAS keeps threads that would return into unmapped code. */
	return rc;
}
