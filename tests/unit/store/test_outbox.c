#include "tests/unit/store/fixture.h"
