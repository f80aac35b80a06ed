/* SPDX-License-Identifier: Apache-2.0 */
/* How a test reaches the layer that makes OpenCL calls fail, from inside the process. */
#ifndef DOVETAIL_TESTS_FAILING_LAYER_FAULTS_H
#define DOVETAIL_TESTS_FAILING_LAYER_FAULTS_H

#include <stdint.h>

#define DOVETAIL_FAILING_LAYER_LIBRARY "libDovetailFailingLayer.so"
#define DOVETAIL_FAILING_LAYER_SYMBOL "dovetail_failing_layer"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  /* The call is not made and returns the status. */
  dovetail_fault_of_call = 0,
  /* The entry point must be clGetEventInfo: the query succeeds and says that the command ended with
     the status. */
  dovetail_fault_of_command = 1
};

typedef struct {
  int32_t kind;
  int32_t status;
  /* From now on, so many calls pass, */
  uint64_t skip;
  /* and so many after them fail. */
  uint64_t count;
} dovetail_fault;

typedef struct {
  /* Has calls of an entry point, such as "clFlush", fail; null ends that. Returns 0 for one that
     the layer does not know. */
  int (*arm)(const char* entry_point, const dovetail_fault* fault);
  /* How many of its calls have failed since it was armed. */
  uint64_t (*fired)(const char* entry_point);
} dovetail_failing_layer_api;

#ifdef __cplusplus
}
#endif

#endif
