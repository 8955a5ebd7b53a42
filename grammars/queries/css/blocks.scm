; SPDX-License-Identifier: MIT
[(block) (keyframe_block_list)] @block
