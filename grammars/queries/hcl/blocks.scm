; SPDX-License-Identifier: MIT
(block) @class
[(body) (object) (tuple)] @block
