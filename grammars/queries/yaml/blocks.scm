; SPDX-License-Identifier: MIT
[(block_mapping) (block_sequence) (flow_mapping) (flow_sequence)] @block
